import { strict as assert } from 'node:assert'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'
import { refuses } from '../../support/bad-input.ts'

const parsed = (words: Partial<NetworkWords>) => parseNetworkSpec({ name: 'blue', switch: 'ls-blue', ...words })
const SUBNET = ['10.0.0.0/24']

describe('a network on OVN', () => {
  it('is on br-int, without a VLAN and a gateway of the host; the first address is kept for a router', () => {
    const { bridge, mode, vlan, subnets, overlay } = parsed({ subnet: SUBNET })
    assert.deepEqual({ bridge, mode, vlan }, { bridge: 'br-int', mode: 'l2', vlan: undefined })
    assert.deepEqual(
      subnets.map(({ gateway, aux }) => [gateway, aux.map(({ name, ip }) => `${name} ${ip.text}`)]),
      [[undefined, ['router 10.0.0.1']]],
    )
    assert.deepEqual([overlay?.logicalSwitch, overlay?.dhcp, overlay?.localnet], ['ls-blue', false, undefined])
  })

  it('named by its VRF and subnet is the same wherever both are, and another where one is not', () => {
    const named = (vrf: string | undefined, subnet: string) =>
      parsed({ switch: 'auto', vrf, subnet: [subnet] }).overlay?.logicalSwitch
    assert.equal(named(undefined, '10.0.0.0/24'), 'ls-default-10.0.0.0-24')
    assert.equal(named('default', '10.0.0.0/24'), named(undefined, '10.0.0.0/24'))
    assert.equal(new Set([named('a', '10.0.0.0/24'), named('b', '10.0.0.0/24'), named('a', '10.0.1.0/24')]).size, 3)
  })

  it('is led to a physical network, with a tag there and none on its ports', () => {
    const { vlan, overlay } = parsed({ physnet: 'lan', vlan: '100' })
    assert.deepEqual([vlan, overlay?.localnet], [undefined, { physnet: 'lan', tag: 100 }])
    assert.deepEqual(parsed({ physnet: 'lan' }).overlay?.localnet, { physnet: 'lan', tag: undefined })
  })

  it('tells its hosts everything but its name, its place and what was asked of one of them', () => {
    const { overlay } = parsed({
      subnet: SUBNET,
      bridge: 'br-int',
      tenant: 'acme',
      northbound: 'tcp:192.0.2.1:6641',
      encap: 'vxlan',
    })
    assert.deepEqual(JSON.parse(overlay?.record ?? ''), { switch: 'ls-blue', subnet: SUBNET, tenant: 'acme' })
  })

  it('gives out addresses itself, whoever is said to do it', () => {
    for (const ipam of [undefined, 'docker', 'ovn']) assert.equal(parsed({ ipam, subnet: SUBNET }).source, 'docker')
    assert.equal(parsed({ ipam: 'static', subnet: SUBNET }).source, 'static')
  })

  it('what is for such networks only says so elsewhere', () => {
    for (const words of [{ physnet: 'lan' }, { dns: ['192.0.2.53'] }, { dhcp: 'ovn' }, { ipam: 'ovn' }])
      assert.throws(() => parseNetworkSpec({ name: 'blue', subnet: SUBNET, ...words }), { code: 'NeedsOvn' })
  })

  refuses((name) => parsed({ switch: name }), '--switch', ['', '-x', 'a b', '7', 'x'.repeat(64), 'ls;rm', '$(x)'])
  refuses((physnet) => parsed({ physnet }), '--physnet', ['', '-x', 'a:b', 'a,b', 'x'.repeat(64)])
  refuses((dns) => parsed({ dns: [dns], dhcp: 'ovn', subnet: SUBNET }), '--dns', ['', 'host', '224.0.0.1', '127.0.0.1'])
  refuses((vlan) => parsed({ vlan, physnet: 'lan' }), '--vlan', ['0', '4095', 'x'])

  const together: readonly (readonly [Partial<NetworkWords>, string])[] = [
    [{ vlan: '5' }, '--vlan'],
    [{ mode: 'nat', subnet: SUBNET }, '--mode'],
    [{ bridge: 'br0' }, '--bridge'],
    [{ uplink: 'eno2' }, '--uplink'],
    [{ vxlan: ['192.0.2.1'], key: '5' }, '--vxlan'],
    [{ dhcp: 'ovn' }, '--dhcp'],
    [{ dhcp: 'external' }, '--dhcp'],
    [{ ipam: 'external' }, '--ipam'],
    [{ dns: ['192.0.2.53'] }, '--dns'],
    [{ switch: 'auto' }, '--subnet'],
  ]
  for (const [words, field] of together)
    it(`refuses ${JSON.stringify(words)}`, () => {
      assert.throws(() => parsed(words), { code: 'BadInput', field })
    })
})
