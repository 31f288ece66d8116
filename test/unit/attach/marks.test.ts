import { strict as assert } from 'node:assert'
import {
  addressMark,
  isOurAlias,
  isSameAttachment,
  linkAlias,
  marksFor,
  OURS,
  readMarks,
  specOf,
} from '../../../src/lib/attach/marks.ts'
import { portName } from '../../../src/lib/attach/attachment.ts'
import { endpointTarget } from '../../../src/lib/attach/endpoint.ts'
import { parseHostCidr } from '../../../src/lib/net/cidr.ts'
import { parseGateways, parseRoute } from '../../../src/lib/net/route.ts'
import { attachment, ID, TARGET } from '../../support/samples.ts'

const addresses = [parseHostCidr('10.0.0.2/24'), parseHostCidr('fd00::2/64')]
const full = attachment({
  addresses,
  gateways: parseGateways(['10.0.0.1', 'fd00::1'], addresses),
  routes: [parseRoute('10.1.0.0/16,10.0.0.254', addresses), parseRoute('10.2.0.0/16', addresses)],
  mtu: 1450,
  owner: 'watch',
})

describe('marksFor', () => {
  it('writes a stable set of keys and values', () => {
    assert.deepEqual(marksFor(full), {
      container_id: 'web',
      container_iface: 'eth1',
      ovsd: '1',
      ovsd_id: ID,
      ovsd_name: 'web',
      ovsd_generation: '2026-01-02T03:04:05.678Z',
      ovsd_owner: 'watch',
      ovsd_spec: JSON.stringify({
        addresses: ['10.0.0.2/24', 'fd00::2/64'],
        gateways: ['10.0.0.1', 'fd00::1'],
        routes: [{ to: '10.1.0.0/16', via: '10.0.0.254' }, { to: '10.2.0.0/16' }],
        mac: '02:42:0a:00:00:02',
        mtu: 1450,
      }),
      'ovsd_ip.10.0.0.2': 'br0',
      'ovsd_ip.fd00::2': 'br0',
      'ovsd_mac.02:42:0a:00:00:02': 'br0',
    })
  })

  it('writes container_id as it was typed, for ovs-docker looks that up exactly', () => {
    const marks = marksFor(attachment({ target: { ...TARGET, typed: 'c474' } }))
    assert.equal(marks['container_id'], 'c474')
    assert.equal(marks['ovsd_id'], ID)
  })

  it('writes the path of a namespace that is no container, and only then', () => {
    const bare = { ...TARGET, id: 'web', kind: 'namespace', netnsPath: '/run/netns/web' } as const
    assert.equal(marksFor(attachment({ target: bare }))['ovsd_netns'], '/run/netns/web')
    assert.equal('ovsd_netns' in marksFor(attachment()), false)
  })

  it('has every pair that rows are looked up by', () => {
    const marks = marksFor(full)
    for (const pair of [OURS, addressMark('10.0.0.2', 'br0'), addressMark('fd00::2', 'br0')])
      for (const [key, value] of Object.entries(pair)) assert.equal(marks[key], value)
  })
})

describe('readMarks', () => {
  it('reads back what marksFor wrote', () => {
    for (const one of [full, attachment(), attachment({ addresses: [] })])
      assert.deepEqual(readMarks(marksFor(one)), {
        ours: true,
        container: 'web',
        iface: 'eth1',
        id: ID,
        name: 'web',
        endpoint: '',
        generation: TARGET.generation,
        owner: one.owner,
        netns: '',
        network: '',
        tenant: '',
        part: '',
        persist: false,
        ports: [],
        external: undefined,
        spec: specOf(one),
      })
  })

  it("those of Docker's endpoints have no container", () => {
    const ids = marksFor({ ...attachment(), target: endpointTarget(ID), owner: 'plugin' })
    const { ours, endpoint, id, container, iface, generation, owner } = readMarks(ids)
    assert.deepEqual(
      { ours, endpoint, id, container, iface, generation, owner },
      { ours: true, endpoint: ID, id: '', container: '', iface: '', generation: '', owner: 'plugin' },
    )
    assert.ok(isSameAttachment(readMarks(ids), ID, 'eth'))
    assert.ok(!isSameAttachment(readMarks(ids), '', ''))
  })

  const nothing = {
    ours: false,
    container: '',
    iface: '',
    id: '',
    name: '',
    endpoint: '',
    generation: '',
    owner: '',
    netns: '',
    network: '',
    tenant: '',
    part: '',
    persist: false,
    ports: [],
    external: undefined,
    spec: undefined,
  }

  it('finds nothing in a row without marks', () => {
    assert.deepEqual(readMarks({}), nothing)
  })

  it('reads those of ovs-docker and of ovs-port-manager', () => {
    assert.deepEqual(readMarks({ container_id: 'web', container_iface: 'eth1' }), {
      ...nothing,
      container: 'web',
      iface: 'eth1',
    })
    assert.deepEqual(readMarks({ container_id: ID }), { ...nothing, container: ID })
  })

  const damaged = [
    '',
    '{',
    'null',
    '5',
    '"text"',
    '[]',
    '{}',
    '{"addresses":[]}',
    '{"addresses":{},"gateways":[],"routes":[],"mac":""}',
  ]
  for (const ovsd_spec of [
    ...damaged,
    '{"addresses":[],"gateways":[],"routes":[]}',
    '{"addresses":[],"gateways":[],"routes":[],"mac":5}',
  ])
    it(`finds no settings in ${JSON.stringify(ovsd_spec)}, and the rest all the same`, () => {
      const marks = readMarks({ ...marksFor(full), ovsd_spec })
      assert.equal(marks.spec, undefined)
      assert.equal(marks.id, ID)
      assert.equal(marks.ours, true)
    })

  it('takes an owner that it does not know for none', () => {
    assert.equal(readMarks({ ...marksFor(full), ovsd_owner: 'root' }).owner, '')
  })

  it('reads names that JavaScript objects have by themselves', () => {
    assert.deepEqual(
      readMarks(
        Object.fromEntries([
          ['__proto__', 'x'],
          ['constructor', 'y'],
        ]),
      ),
      nothing,
    )
  })
})

describe('the alias of a link', () => {
  it('proves that a link is ours', () => {
    const alias = linkAlias(ID, 'eth1')
    assert.equal(alias, 'ovsd/c474a0e2830e/eth1')
    assert.equal(isOurAlias(alias, portName(ID, 'eth1')), true)
  })

  const others: readonly (readonly [string, string])[] = [
    ['', '9b9ae58bfda2f_l'],
    ['ovs/c474a0e2830e/eth1', '9b9ae58bfda2f_l'],
    ['ovsd/c474a0e2830e/eth1', 'eth0'],
    ['ovsd/c474a0e2830e/eth1', '9b9ae58bfda2f_c'],
    ['ovsd/c474a0e2830e/eth1', '9b9ae58bfda2_l'],
  ]
  for (const [alias, link] of others)
    it(`"${alias}" on ${link} proves nothing`, () => {
      assert.equal(isOurAlias(alias, link), false)
    })
})

describe('isSameAttachment', () => {
  const marks = readMarks(marksFor(full))
  it('needs container, interface and our mark', () => {
    assert.equal(isSameAttachment(marks, ID, 'eth1'), true)
    assert.equal(isSameAttachment(marks, ID, 'eth2'), false)
    assert.equal(isSameAttachment(marks, ID.replace('c', 'd'), 'eth1'), false)
    assert.equal(isSameAttachment({ ...marks, ours: false }, ID, 'eth1'), false)
  })
})
