import { strict as assert } from 'node:assert'
import { filterName, rewriteFilter } from '../../../src/lib/attach/external-filter.ts'
import { endName, insideName, legOf, routingTable } from '../../../src/lib/attach/external-leg.ts'
import { externalMarks, readExternal } from '../../../src/lib/attach/external-marks.ts'
import { parseExternal, type ExternalWords } from '../../../src/lib/net/external.ts'
import { accepts, refuses, thrownBy } from '../../support/bad-input.ts'
import { external } from '../../support/legs.ts'
import { ID } from '../../support/samples.ts'

const LABELS: Record<keyof ExternalWords, string> = {
  ip: 'ovs.external_ip',
  gateway: 'ovs.external_gateway',
  link: 'ovs.external_interface',
}
const parse = (words: ExternalWords) => parseExternal(words, (word) => LABELS[word])
const show = (words: ExternalWords): string => {
  const { ip, gateway, link } = parse(words) ?? assert.fail('nothing')
  return [ip.text, gateway?.text, link].join(' ')
}

describe('parseExternal', () => {
  const ip = (text: string) => show({ ip: text, link: 'eno1' })
  const gateway = (text: string) => show({ ip: '203.0.113.50', gateway: text, link: 'eno1' })
  const link = (text: string) => show({ ip: '203.0.113.50', link: text })

  accepts(ip, { '203.0.113.50': '203.0.113.50  eno1', '169.254.169.254/32': '169.254.169.254  eno1' })
  accepts(gateway, { '203.0.113.1': '203.0.113.50 203.0.113.1 eno1', '10.0.0.1': '203.0.113.50 10.0.0.1 eno1' })
  accepts(link, { 'br-lan.7': '203.0.113.50  br-lan.7' })

  const BAD = [
    '',
    ' ',
    '203.0.113.50/24',
    '203.0.113.50/032',
    '010.0.0.9',
    '10.1',
    'fd00::2',
    '::1',
    '127.0.0.1',
    '0.0.0.0',
  ]
  refuses(ip, LABELS.ip, [
    ...BAD,
    '224.0.0.1',
    '255.255.255.255',
    '169.254.1.1',
    '203.0.113.50; drop',
    '203.0.113.50\n',
  ])
  refuses(gateway, LABELS.gateway, [...BAD, '203.0.113.50'])
  refuses(link, LABELS.link, ['', 'lo', 'all', 'default', 'a b', 'a"b', '-x', '%d', 'a/b', 'sixteen-bytes-xx', 'eno1*'])

  it('is undefined without words', () => {
    assert.equal(parse({}), undefined)
  })
  it('refuses words that say nothing alone, and names the label that is missing', () => {
    assert.match(String(thrownBy(() => parse({ gateway: '203.0.113.1' }))), /ovs\.external_gateway.*ovs\.external_ip/)
    assert.match(String(thrownBy(() => parse({ link: 'eno1' }))), /ovs\.external_interface.*ovs\.external_ip/)
    assert.match(String(thrownBy(() => parse({ ip: '203.0.113.50' }))), /ovs\.external_ip.*ovs\.external_interface/)
  })
  it('names the label once', () => {
    for (const [refused, label] of [
      [() => ip('x'), LABELS.ip],
      [() => ip('127.0.0.1'), LABELS.ip],
      [() => gateway('x'), LABELS.gateway],
      [() => link('a b'), LABELS.link],
    ] as const)
      assert.equal(String(thrownBy(refused)).split(label).length, 2, label)
  })
  it('says in words that IPv6 is not done', () => {
    assert.match(String(thrownBy(() => ip('fd00::2'))), /IPv4 so far/)
  })
})

describe('the marks of an external address', () => {
  it('are read as they were written', () => {
    for (const address of [external('203.0.113.50', 'eno1'), external('203.0.113.50', 'br-lan.7', '203.0.113.1')])
      assert.deepEqual(readExternal(externalMarks(address)), address)
    assert.deepEqual(externalMarks(external('203.0.113.50', 'eno1', '203.0.113.1')), {
      ovsd_external: '{"ip":"203.0.113.50","gateway":"203.0.113.1","link":"eno1"}',
      'ovsd_ext.203.0.113.50': 'host',
    })
  })
  it('that are missing or damaged are none', () => {
    const damaged = ['', '{', 'null', '7', '[]', '{}', '{"ip":1}', '{"ip":"203.0.113.50"}']
    const evil = '{"ip":"203.0.113.50","link":"a\\" ; flush ruleset"}'
    for (const text of [...damaged, evil]) assert.equal(readExternal({ ovsd_external: text }), undefined, text)
    assert.equal(readExternal({}), undefined)
  })
})

describe('the names of a leg', () => {
  it('fit into what Linux allows, and are the interface’s own', () => {
    assert.equal(insideName('eth1'), 'ext-eth1')
    assert.equal(insideName('eth12345678'), 'ext-eth12345678')
    const long = ['eth123456789', 'eth123456780', 'eth123456789012'].map(insideName)
    assert.equal(new Set(long).size, 3)
    for (const name of long) assert.match(name, /^ext-eth123[0-9a-f]{5}$/)
    assert.match(endName(ID, 'eth1'), /^[0-9a-f]{13}_x$/)
    assert.notEqual(endName(ID, 'eth1'), endName(ID, 'eth2'))
  })
  it('are stable', () => {
    assert.deepEqual(legOf(ID, 'eth1', external('203.0.113.50', 'eno1')), {
      end: endName(ID, 'eth1'),
      ip: '203.0.113.50',
      link: 'eno1',
      inside: 'ext-eth1',
      gateway: undefined,
      alias: 'ovsd/c474a0e2830e/eth1.ext',
      endMac: legOf(ID, 'eth1', external('203.0.113.51', 'eno2')).endMac,
      insideMac: legOf(ID, 'eth1', external('203.0.113.51', 'eno2')).insideMac,
    })
  })
  it('have a routing table that is the address', () => {
    assert.equal(routingTable('0.0.1.2'), '258')
    assert.equal(routingTable('255.255.255.254'), '4294967294')
  })
})

describe('the filter of an interface', () => {
  it('is named for it, also where nftables has no such characters', () => {
    assert.equal(filterName('br-lan.7'), 'ovsd_ext_br-lan.7')
    assert.equal(filterName('a@b+c'), 'ovsd_ext_a/ab/pc')
  })
  it('has the elements of all legs, and adds none where there are none', () => {
    const { input = '' } = rewriteFilter('eno1', {
      passages: [
        { end: 'aa_x', ip: '203.0.113.50' },
        { end: 'bb_x', ip: '203.0.113.50' },
      ],
      closed: undefined,
    })
    assert.match(input, /legs { "aa_x" \. 203\.0\.113\.50, "bb_x" \. 203\.0\.113\.50 }/)
    assert.match(input, /own { 203\.0\.113\.50 : 203\.0\.113\.50 }/)
    assert.doesNotMatch(input, /add element inet ovsd_ext_eno1 closed/)
  })
})
