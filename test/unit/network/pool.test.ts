import { strict as assert } from 'node:assert'
import { pickAddress } from '../../../src/lib/network/pool.ts'
import { parseSubnets, type Subnet } from '../../../src/lib/network/subnet.ts'
import { asNetworkOption, type NetworkWords } from '../../../src/lib/network/words.ts'

function subnet(text: string, more: Omit<NetworkWords, 'name' | 'subnet'> = {}): Subnet {
  return parseSubnets({ name: 'blue', subnet: [text], ...more }, asNetworkOption)[0] ?? assert.fail()
}

/** All that a subnet gives out, in order; at most so many. */
function given(of: Subnet, most = 300): readonly string[] {
  const used = new Set<string>()
  for (;;) {
    const { ip } = pickAddress(of, used)
    if (ip === undefined || used.size === most) return [...used]
    assert.ok(!used.has(ip.text))
    used.add(ip.text)
  }
}

describe('pickAddress', () => {
  it('gives out every address of a host once, lowest first', () => {
    const all = given(subnet('10.0.0.0/24'))
    assert.deepEqual([all.length, all[0], all.at(-1)], [254, '10.0.0.1', '10.0.0.254'])
    assert.deepEqual(given(subnet('10.0.0.0/30')), ['10.0.0.1', '10.0.0.2'])
    assert.deepEqual(given(subnet('10.0.0.0/31')), ['10.0.0.0', '10.0.0.1'])
    assert.deepEqual(given(subnet('fd00::/126')), ['fd00::1', 'fd00::2', 'fd00::3'])
    assert.deepEqual(given(subnet('fd00::/127')), ['fd00::', 'fd00::1'])
  })

  it('gives out again what is free again', () => {
    const used = new Set(['10.0.0.1', '10.0.0.3'])
    assert.equal(pickAddress(subnet('10.0.0.0/24'), used).ip?.text, '10.0.0.2')
  })

  it('keeps gateway and auxiliary addresses, and stays in the range', () => {
    const narrow = subnet('10.0.0.0/24', {
      gateway: ['10.0.0.250'],
      auxAddress: ['printer=10.0.0.249'],
      ipRange: ['10.0.0.248/29'],
    })
    assert.deepEqual(given(narrow), ['10.0.0.248', '10.0.0.251', '10.0.0.252', '10.0.0.253', '10.0.0.254'])
  })

  it('says how large a range is that has nothing left', () => {
    const full = pickAddress(subnet('10.0.0.0/30'), new Set(['10.0.0.1', '10.0.0.2']))
    assert.deepEqual(full, { ip: undefined, size: 4n })
  })

  it('takes no longer for a huge subnet', () => {
    assert.equal(pickAddress(subnet('fd00::/8'), new Set()).ip?.text, 'fd00::1')
    assert.equal(given(subnet('10.0.0.0/8'), 1000).at(-1), '10.0.3.232')
  })

  it('writes IPv6 addresses as everybody else does (RFC 5952)', () => {
    assert.equal(pickAddress(subnet('2001:db8:0:0:1::/80'), new Set()).ip?.text, '2001:db8::1:0:0:1')
  })
})
