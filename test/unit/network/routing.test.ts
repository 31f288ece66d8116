import { strict as assert } from 'node:assert'
import { describeNetwork } from '../../../src/lib/network/describe.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'

const parsed = (words: Partial<NetworkWords>) => parseNetworkSpec({ name: 'blue', ...words })
const transit = (words: Partial<NetworkWords> = {}) => parsed({ name: 'transit-net', role: 'transit', ...words })
const SUBNET = ['10.0.0.0/24']
const gateways = ({ subnets }: ReturnType<typeof parsed>) => subnets.map(({ gateway }) => gateway?.text)

describe('a network with a router', () => {
  const words = { switch: 'ls-blue', subnet: [...SUBNET, 'fd00::/64'], router: 'lr-blue' }

  it('has the first address of each subnet as its gateway, unless another was named', () => {
    assert.deepEqual(gateways(parsed(words)), ['10.0.0.1', 'fd00::1'])
    assert.deepEqual(gateways(parsed({ ...words, gateway: ['10.0.0.254'] })), ['10.0.0.254', 'fd00::1'])
    assert.deepEqual(gateways(parsed({ ...words, router: undefined })), [undefined, undefined])
  })

  it('is described with it', () => {
    const { router, transitNetwork, role } =
      describeNetwork(parsed({ ...words, transitNetwork: 'transit' })).overlay ?? {}
    assert.deepEqual({ router, transitNetwork, role }, { router: 'lr-blue', transitNetwork: 'transit', role: null })
  })
})

describe('a transit network', () => {
  it('has the subnet, the switch and the gateway router of ovs-container-network', () => {
    const { overlay, subnets } = transit()
    assert.deepEqual([overlay?.logicalSwitch, overlay?.role?.router], ['ls-transit-net', 'lr-gateway'])
    assert.deepEqual([subnets[0]?.cidr.text, subnets[0]?.gateway?.text], ['192.168.100.0/24', '192.168.100.1'])
    assert.equal(transit({ name: 'other' }).overlay?.role?.router, 'lr-gateway-other')
    assert.equal(transit({ switch: 'ls-mine' }).overlay?.role?.router, 'lr-gateway-mine')
    assert.equal(transit({ router: 'lr-mine' }).overlay?.role?.router, 'lr-mine')
  })

  const outside = (words: Partial<NetworkWords>) =>
    transit(words).overlay?.role?.outside.map((one) => `${one.gateway.text} ${one.address.text}/${one.prefix}`)

  it('with a gateway of its own subnet has an address beside it, and keeps both from the others', () => {
    const words = { externalGateway: ['192.168.100.1'] }
    assert.deepEqual(outside(words), ['192.168.100.1 192.168.100.3/32'])
    const [subnet] = transit(words).subnets
    assert.equal(subnet?.gateway?.text, '192.168.100.2')
    assert.deepEqual(
      subnet.aux.map(({ ip }) => ip.text),
      ['192.168.100.1', '192.168.100.3'],
    )
    assert.deepEqual(outside({ ...words, externalAddress: ['192.168.100.9'] }), ['192.168.100.1 192.168.100.9/32'])
    assert.deepEqual(outside({ ...words, gateway: ['192.168.100.200'] }), ['192.168.100.1 192.168.100.2/32'])
    assert.deepEqual(outside({ ...words, auxAddress: ['192.168.100.3'] }), ['192.168.100.1 192.168.100.4/32'])
  })

  it('with a gateway elsewhere has the address that was named', () => {
    const words = { externalGateway: ['192.0.2.1'], externalAddress: ['192.0.2.9/24'] }
    assert.deepEqual(outside(words), ['192.0.2.1 192.0.2.9/24'])
    const six = { subnet: ['192.168.100.0/24', 'fd00:100::/64'], physnet: 'p', vlan: '7' }
    const both = {
      externalGateway: ['192.0.2.1', '2001:db8::1'],
      externalAddress: ['192.0.2.9/24', '2001:db8::9/64'],
    }
    assert.deepEqual(outside({ ...six, ...both }), ['192.0.2.1 192.0.2.9/24', '2001:db8::1 2001:db8::9/64'])
    const described = describeNetwork(transit({ ...six, ...both }))
    assert.deepEqual([described.vlan, described.overlay?.physnet], [7, 'p'])
  })
})

describe('words about routers', () => {
  const onSwitch = { switch: 'ls-blue', subnet: SUBNET }
  const role = { role: 'transit' }
  const cases: readonly (readonly [field: string, words: Partial<NetworkWords>])[] = [
    ['--role', { ...onSwitch, role: 'hub' }],
    ['--role', { ...onSwitch, role: '' }],
    ['--router', { ...onSwitch, router: '' }],
    ['--router', { ...onSwitch, router: '-x' }],
    ['--router', { ...onSwitch, router: 'a b' }],
    ['--router', { ...onSwitch, router: 'x'.repeat(64) }],
    ['--router', { ...onSwitch, router: 'lr-a', physnet: 'p' }],
    ['--router', { ...onSwitch, transitNetwork: 't' }],
    ['--subnet', { switch: 'ls-blue', router: 'lr-a' }],
    ['--transit-network', { ...onSwitch, router: 'lr-a', transitNetwork: 'a/b' }],
    ['--transit-network', { ...role, transitNetwork: 't' }],
    ['--external-gateway', { ...onSwitch, externalGateway: ['192.0.2.1'] }],
    ['--external-address', { ...onSwitch, router: 'lr-a', externalAddress: ['192.0.2.9/24'] }],
    ['--external-gateway', { ...role, externalGateway: ['192.0.2'] }],
    ['--external-gateway', { ...role, externalGateway: ['224.0.0.1'] }],
    ['--external-gateway', { ...role, externalGateway: ['192.168.100.1', '192.168.100.2'] }],
    ['--external-gateway', { ...role, physnet: 'p' }],
    ['--external-gateway', { ...role, vlan: '7' }],
    ['--external-gateway', { ...role, externalAddress: ['192.0.2.9/24'] }],
    ['--external-address', { ...role, externalGateway: ['192.0.2.1'] }],
    ['--external-address', { ...role, externalGateway: ['192.0.2.1'], externalAddress: ['198.51.100.9/24'] }],
    ['--external-address', { ...role, externalGateway: ['192.0.2.1'], externalAddress: ['192.0.2.1/24'] }],
    ['--external-address', { ...role, externalGateway: ['192.0.2.1'], externalAddress: ['192.0.2.0/24'] }],
    ['--external-address', { ...role, externalGateway: ['192.168.99.1'], externalAddress: ['192.168.99.9/16'] }],
    ['--external-address', { ...role, externalGateway: ['192.168.100.1'], externalAddress: ['10.0.0.1'] }],
    ['--external-address', { ...role, externalGateway: ['192.168.100.1'], externalAddress: ['192.168.100.1'] }],
    ['--subnet', { ...role, externalGateway: ['2001:db8::1'], externalAddress: ['2001:db8::9/64'] }],
    ['subnet', { ...role, subnet: ['192.168.100.0/30'], externalGateway: ['192.168.100.1'] }],
    ['--physnet', { ...role, physnet: 'a:b', externalGateway: ['192.168.100.1'] }],
    ['--vlan', { ...role, vlan: '4095', externalGateway: ['192.168.100.1'] }],
  ]
  for (const [field, words] of cases)
    it(`are refused: ${JSON.stringify(words).slice(0, 100)}`, () => {
      assert.throws(() => parsed(words), { code: 'BadInput', status: 2, field })
    })

  it('need OVN', () => {
    for (const words of [
      { router: 'lr-a', subnet: SUBNET },
      { transitNetwork: 't' },
      { role: 'hub' },
      { externalGateway: ['192.0.2.1'] },
    ])
      assert.throws(() => parsed(words), { code: 'NeedsOvn' })
  })
})
