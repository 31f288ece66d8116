import { strict as assert } from 'node:assert'
import { readUplink } from '../../../src/lib/network/uplink-record.ts'
import { areAddressWords, areRouteWords } from '../../../src/lib/network/uplink-words.ts'

const ADDRESSES = [
  '203.0.113.1/24 broadcast 203.0.113.255 scope global label eno2:a',
  '198.51.100.1 peer 198.51.100.2/32 scope link',
  'fd03::1/64 scope global metric 7 valid_lft 86400 preferred_lft forever nodad noprefixroute',
]
const ROUTES = [
  'unicast default via 203.0.113.9 table main proto boot scope global metric 50 mtu lock 1400',
  'unicast ::/0 via fe80::1 table main proto ra scope global metric 1024 expires 1797 hoplimit 64 pref medium',
  '192.0.2.0/24 via inet6 fe80::9 onlink table 77 proto static src 203.0.113.2 realm 3/7 tos 0x10',
  '203.0.113.0/24 proto kernel scope link src 203.0.113.1 rto_min 5ms congctl cubic features ecn quickack 1',
]
const STRANGE = [
  ...['', 'default', 'eno2', '10.0.0.1/24 dev lo', '10.0.0.1/24 scope', '10.0.0.1/24 peer dev lo'],
  ...['10.0.0.1/24 label a\naddress flush dev eno2', '10.0.0.1/24  scope host', '-batch', '10.0.0.1/24 scope $x'],
]
const STRANGE_ROUTES = [
  ...['', 'blackhole default', 'default dev lo', 'default nexthop via 10.0.0.1', 'default via 10.0.0.1 encap mpls 3'],
  ...['default via 10.0.0.1 nhid 7', 'default via', 'default via 10.0.0.1 mtu lock', 'default mtu 9 ; x', 'to default'],
]

describe('words of addresses and routes that may go into ip -batch', () => {
  it('are those that ip prints', () => {
    for (const words of ADDRESSES) assert.ok(areAddressWords(words), words)
    for (const words of ROUTES) assert.ok(areRouteWords(words), words)
  })

  it('are no others: no device, no tunnel, no second hop, no line of its own', () => {
    for (const words of STRANGE) assert.ok(!areAddressWords(words), words)
    for (const words of STRANGE_ROUTES) assert.ok(!areRouteWords(words), words)
  })

  it('make a record unreadable when one of them is another', () => {
    const read = (addresses: readonly string[], routes4: readonly string[], routes6: readonly string[] = []) => {
      const record = { up: true, moved: { localUp: false, addresses, routes4, routes6 } }
      return readUplink({ 'ovsd_uplink.eno2': JSON.stringify(record) }, 'eno2')
    }
    assert.ok(read(ADDRESSES, ROUTES, ROUTES)?.moved !== undefined)
    assert.equal(read(['10.0.0.1/24 dev lo'], ROUTES), undefined)
    assert.equal(read(ADDRESSES, ['default dev lo']), undefined)
    assert.equal(read(ADDRESSES, ROUTES, ['::/0 dev lo']), undefined)
  })
})
