import { strict as assert } from 'node:assert'
import { parseBridgeMappings, withMappings } from '../../../src/lib/ovn/bridge-mappings.ts'
import { besides, centralOf } from '../../../src/lib/ovn/central.ts'
import { parseCentral, parseChassisWords } from '../../../src/lib/ovn/join-words.ts'
import { listenTarget, parseListen } from '../../../src/lib/ovn/listen.ts'
import { refusePlainTcp } from '../../../src/lib/ovn/plain-tcp.ts'
import { parseRemotes } from '../../../src/lib/ovn/remotes.ts'
import { refuses } from '../../support/bad-input.ts'

const remotes = (text: string) => parseRemotes(text, 'CENTRAL', 6641)

describe('connections to databases of OVN', () => {
  for (const [typed, text] of [
    ['tcp:192.0.2.1', 'tcp:192.0.2.1:6641'],
    ['tcp:192.0.2.1:16641', 'tcp:192.0.2.1:16641'],
    ['tcp:[fd00::1]', 'tcp:[fd00::1]:6641'],
    ['ssl:central.example', 'ssl:central.example:6641'],
    ['tcp:192.0.2.1, tcp:192.0.2.2', 'tcp:192.0.2.1:6641,tcp:192.0.2.2:6641'],
    ['unix:/run/ovn/ovnnb_db.sock', 'unix:/run/ovn/ovnnb_db.sock'],
  ] as const)
    it(`reads ${typed}`, () => {
      assert.equal(remotes(typed).text, text)
    })
  refuses(remotes, 'CENTRAL', [
    '',
    '192.0.2.1',
    'udp:192.0.2.1',
    'tcp:',
    'tcp:192.0.2.1:0',
    'tcp:192.0.2.1:99999',
    'tcp:a b',
    'ssl:-x y',
  ])

  it('the other database is beside it, where OVN puts it', () => {
    assert.equal(
      besides('tcp:192.0.2.1:6641,tcp:192.0.2.2:6641', 'southbound'),
      'tcp:192.0.2.1:6642,tcp:192.0.2.2:6642',
    )
    assert.equal(besides('unix:/run/ovn/ovnsb_db.sock', 'northbound'), 'unix:/run/ovn/ovnnb_db.sock')
    assert.throws(() => parseCentral('tcp:192.0.2.1:7000', undefined, undefined), { field: '--southbound' })
    assert.throws(() => parseCentral('ssl:192.0.2.1', undefined, undefined), { field: '--private-key' })
  })

  it('a central is where the variables say, else where Open vSwitch was told', () => {
    const local = { externalIds: { 'ovn-remote': 'tcp:192.0.2.1:6642' }, systemId: 'a', tls: undefined }
    const told = centralOf(local, {})
    assert.deepEqual([told?.northbound.text, told?.source], ['tcp:192.0.2.1:6641', 'open_vswitch'])
    // Never one of each.
    const { northbound, southbound } = centralOf(local, { OVN_NB_DB: 'tcp:192.0.2.9:6641' }) ?? assert.fail()
    assert.deepEqual([northbound.text, southbound.text], ['tcp:192.0.2.9:6641', 'tcp:192.0.2.9:6642'])
    const docker = centralOf({ ...local, externalIds: { 'ovn-nb': 'tcp:172.30.0.5:6641' } }, {})
    assert.equal(docker?.southbound.text, 'tcp:172.30.0.5:6642')
  })

  it('plain TCP stays on this host, unless it may leave it', () => {
    for (const text of ['tcp:127.0.0.1', 'tcp:[::1]', 'tcp:localhost', 'ssl:192.0.2.1', 'unix:/run/x'])
      refusePlainTcp([remotes(text)], false)
    for (const text of ['tcp:192.0.2.1', 'tcp:central.example', 'tcp:127.0.0.1,tcp:192.0.2.1', 'tcp:[2001:db8::1]'])
      assert.throws(() => refusePlainTcp([remotes(text)], false), { code: 'PlainTcp' }, text)
    refusePlainTcp([remotes('tcp:192.0.2.1')], true)
  })
})

describe('words about a chassis', () => {
  refuses((encap) => parseChassisWords({ encap }), '--encap', ['', 'gre', 'geneve,gre', 'geneve,geneve', 'GENEVE'])
  refuses((encapIp) => parseChassisWords({ encapIp }), '--encap-ip', [
    '',
    'host',
    '0.0.0.0',
    '224.0.0.1',
    '127.0.0.1',
    '192.0.2.1/24',
  ])
  refuses((systemId) => parseChassisWords({ systemId }), '--system-id', ['', '-x', 'a b', 'x'.repeat(64), 'a,b'])
  refuses((word) => parseBridgeMappings([word]), '--bridge-mapping', [
    '',
    'lan',
    ':br0',
    'lan:',
    'lan:a b',
    'lan:br0,lan:br1',
    'lan:br0:br1',
  ])

  it('both encapsulations in one order, however they are typed', () => {
    assert.deepEqual(parseChassisWords({ encap: 'vxlan,geneve' }).encapTypes, ['geneve', 'vxlan'])
  })

  it('what is no bridge mapping is left alone', () => {
    assert.equal(withMappings('x,lan:br1', new Map([['lan', 'br9']])), 'x,lan:br9')
  })

  it('bridge mappings are added to those that are there', () => {
    const more = parseBridgeMappings(['lan:br1', 'wan:br2'])
    assert.equal(withMappings('', more), 'lan:br1,wan:br2')
    assert.equal(withMappings('lan:br0,dmz:br9', more), 'lan:br1,dmz:br9,wan:br2')
    assert.equal(withMappings('dmz:br9', new Map()), 'dmz:br9')
  })
})

describe('where central listens', () => {
  refuses((text) => parseListen(text, false, true), '--listen', [
    '',
    'host',
    '0.0.0.0',
    '::',
    '224.0.0.1',
    '192.0.2.1:6641',
  ])

  it('needs certificates, or --insecure, unless nobody else reaches it', () => {
    assert.throws(() => parseListen('192.0.2.1', false, false), { field: '--listen' })
    assert.equal(listenTarget('northbound', parseListen('192.0.2.1', true, false)), 'pssl:6641:192.0.2.1')
    assert.equal(listenTarget('southbound', parseListen('fd00::1', false, true)), 'ptcp:6642:[fd00::1]')
    assert.equal(listenTarget('southbound', parseListen('127.0.0.1', false, false)), 'ptcp:6642:127.0.0.1')
  })
})
