import { strict as assert } from 'node:assert'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

const parsed = (words: Partial<NetworkWords>) => parseNetworkSpec({ name: 'blue', ...words })
const SUBNET = ['10.0.0.0/24']
const NOTHING = {
  ...{ id: undefined, vlan: undefined, tenant: undefined, vrf: undefined, mtu: undefined, uplink: undefined },
  ...{
    docker: undefined,
    pools: [],
    routes: [],
    central: undefined,
    mirroring: undefined,
    vxlan: undefined,
    overlay: undefined,
  },
}

describe('a network', () => {
  it('without any option is the untagged segment of the default bridge', () => {
    assert.deepEqual(parsed({}), {
      ...NOTHING,
      ...{ name: 'blue', owner: 'net', bridge: 'ovsbr0', mode: 'l2', source: 'docker', subnets: [] },
    })
  })

  it("may be one of Docker's", () => {
    assert.equal(parsed({ owner: 'plugin' }).owner, 'plugin')
    assert.throws(() => parsed({ owner: 'me' }), /owner: "me" is nobody who makes networks/)
    // Docker knows which addresses are free, so no part of the subnet has to be this host's.
    const shared = { subnet: SUBNET, mode: 'l2', vxlan: ['192.0.2.2'], key: '7' }
    assert.ok(parsed({ ...shared, owner: 'plugin' }).vxlan)
    assert.throws(() => parsed(shared), /needs a part of the subnet/)
  })

  it('has routes, which need an address of their IP version and a way in the network', () => {
    const { routes } = parsed({ subnet: SUBNET, route: ['10.1.0.0/16,10.0.0.9', '10.2.0.0/16'] })
    assert.deepEqual(
      routes.map(({ to, via }) => [to.text, via?.text]),
      [
        ['10.1.0.0/16', '10.0.0.9'],
        ['10.2.0.0/16', undefined],
      ],
    )
    assert.throws(() => parsed({ route: ['10.1.0.0/16'] }), /--route: 10\.1\.0\.0\/16 needs an address of IPv4/)
    assert.throws(() => parsed({ subnet: SUBNET, route: ['10.1.0.0/16,10.9.0.9'] }), /in none of the networks/)
    assert.throws(() => parsed({ subnet: SUBNET, route: ['10.1.0.0/16', '10.1.0.0/16'] }), /given twice/)
  })

  it('has what was asked for', () => {
    const { vlan, tenant, vrf, mtu, mode, bridge, uplink, source } = parsed({
      ...{ bridge: 'br9', vlan: '100', tenant: 'acme', vrf: 'v', mtu: '1450', mode: 'flat', uplink: 'eno2' },
      ...{ subnet: SUBNET, ipam: 'static' },
    })
    assert.deepEqual(
      { vlan, tenant, vrf, mtu, mode, bridge, uplink, source },
      {
        ...{ vlan: 100, tenant: 'acme', vrf: 'v', mtu: 1450, mode: 'flat', bridge: 'br9', uplink: 'eno2' },
        source: 'static',
      },
    )
  })

  it('has the mode that its other options mean', () => {
    const modeOf = (words: Partial<NetworkWords>) => parsed(words).mode
    assert.equal(modeOf({ subnet: SUBNET }), 'nat')
    assert.equal(modeOf({ subnet: SUBNET, mode: 'l2' }), 'l2')
    assert.equal(modeOf({ subnet: SUBNET, uplink: 'eno2' }), 'flat')
    assert.equal(modeOf({ ipam: 'external' }), 'l2')
    assert.equal(modeOf({ subnet: SUBNET, ipRange: ['10.0.0.64/26'], vxlan: ['192.0.2.2'], key: '7' }), 'l2')
  })

  it('with nat has the first address of each subnet as its gateway, unless another was named', () => {
    const gateways = (words: Partial<NetworkWords>) => parsed(words).subnets.map(({ gateway }) => gateway?.text)
    assert.deepEqual(gateways({ subnet: [...SUBNET, 'fd00::/64'] }), ['10.0.0.1', 'fd00::1'])
    assert.deepEqual(gateways({ subnet: SUBNET, gateway: ['10.0.0.254'] }), ['10.0.0.254'])
    assert.deepEqual(gateways({ subnet: SUBNET, mode: 'l2' }), [undefined])
  })

  it('says where addresses come from', () => {
    const sourceOf = (words: Partial<NetworkWords>) => parsed(words).source
    assert.equal(sourceOf({ ipam: 'docker', dhcp: 'none' }), 'docker')
    assert.equal(sourceOf({ ipam: 'external' }), 'dhcp')
    assert.equal(sourceOf({ dhcp: 'external' }), 'dhcp')
    assert.equal(sourceOf({ ipam: 'external', dhcp: 'none' }), 'inside')
  })

  it('leaves room for its tunnels in the MTU', () => {
    const mtuOf = (vxlan: readonly string[], mtu?: string) => parsed({ vxlan, key: '7', mtu }).mtu
    assert.equal(mtuOf(['192.0.2.2']), 1450)
    assert.equal(mtuOf(['192.0.2.2', '2001:db8::2']), 1430)
    assert.equal(mtuOf(['192.0.2.2'], '8950'), 8950)
  })

  it('needs OVN for some options', () => {
    for (const words of [{ ipam: 'ovn' }, { dhcp: 'ovn' }])
      assert.throws(() => parsed(words), { code: 'NeedsOvn', status: 1 })
  })
})

describe('the name of a network', () => {
  const parse = (name: string): string => parsed({ name }).name
  accepts(parse, { blue: 'blue', 'blue-2_x.y': 'blue-2_x.y', [`a${'b'.repeat(62)}`]: `a${'b'.repeat(62)}` })
  refuses(parse, 'NAME', ['', '-x', '.x', 'a b', 'a/b', 'a\n', 'ä', '$(id)', `a${'b'.repeat(63)}`])
})

const withSubnet = (words: Partial<NetworkWords>) => parsed({ subnet: SUBNET, ...words })
const tunnel = (words: Partial<NetworkWords>) => parsed({ vxlan: ['192.0.2.2'], key: '7', ...words })

describe('options of a network', () => {
  refuses(
    (mode) => withSubnet({ mode }),
    '--mode',
    ['', 'NAT', 'bridge'],
    (mode) => withSubnet({ mode, ...(mode === 'flat' ? { uplink: 'eno2' } : {}) }),
  )
  refuses((vlan) => parsed({ vlan }), '--vlan', ['0', '4095', '1,2', '0x10'])
  refuses((mtu) => parsed({ mtu, subnet: ['fd00::/64'] }), '--mtu', ['67', '1279', '65536'])
  refuses((bridge) => parsed({ bridge }), '--bridge', ['', 'a b', 'abcdefghijklmnop', '--'])
  refuses((tenant) => parsed({ tenant }), '--tenant', ['', 'a b'])
  refuses((vrf) => parsed({ vrf }), '--vrf', ['', 'a b'])
  refuses((uplink) => parsed({ uplink }), '--uplink', ['', 'a b', 'abcdefghijklmnop'])
  refuses(
    (ipam) => parsed({ ipam }),
    '--ipam',
    ['', 'dhcp', 'Docker'],
    (ipam) => (ipam === 'ovn' ? undefined : parsed({ ipam })),
  )
  refuses(
    (dhcp) => parsed({ dhcp }),
    '--dhcp',
    ['', 'yes'],
    (dhcp) => (dhcp === 'ovn' ? undefined : parsed({ dhcp })),
  )
  refuses((key) => tunnel({ key }), '--key', ['', '0', '-1', '16777216', '1e3', '07'])
  refuses((remote) => tunnel({ vxlan: remote.split(',') }), '--vxlan', [
    ...['', 'host', '127.0.0.1', '224.0.0.1', '192.0.2.2,192.0.2.2', '0.0.0.0', 'fe80::2'],
  ])
  refuses((mirrorDest) => parsed({ mirrorPorts: ['all'], mirrorDest }), '--mirror-dest', ['', '-x', 'a b'])
  refuses(
    (name) => parsed({ mirrorPorts: ['web', name], mirrorDest: 'ids' }),
    '--mirror-ports',
    ['', '-x'],
    (name) => parsed({ mirrorPorts: [name], mirrorDest: 'ids' }),
  )
})

describe('options of a network that do not go together', () => {
  const cases: Readonly<Record<string, Partial<NetworkWords>>> = {
    '--uplink': { mode: 'flat' },
    '--subnet': { mode: 'nat' },
    '--mode': { mode: 'nat', subnet: SUBNET, ipRange: ['10.0.0.64/26'], vxlan: ['192.0.2.2'], key: '7' },
    '--key': { vxlan: ['192.0.2.2'] },
    '--ip-range': { subnet: SUBNET, vxlan: ['192.0.2.2'], key: '7' },
    '--dhcp': { subnet: SUBNET, ipam: 'docker', dhcp: 'external' },
    '--mirror-ports': { mirrorDest: 'ids' },
    '--mirror-dest': { mirrorPorts: ['all'] },
    '--gateway': { subnet: SUBNET, auxAddress: ['10.0.0.1'] },
  }
  for (const [field, words] of Object.entries(cases))
    it(`name ${field}`, () => {
      assert.throws(() => parsed(words), { code: 'BadInput', field })
    })

  const others: readonly Partial<NetworkWords>[] = [
    { mode: 'l2', uplink: 'eno2' },
    { uplink: 'eno2', vxlan: ['192.0.2.2'], key: '7' },
    { mode: 'nat', subnet: SUBNET, uplink: 'eno2' },
    { key: '7' },
    { subnet: SUBNET, ipam: 'external' },
    { subnet: SUBNET, dhcp: 'external' },
    { mirrorPorts: ['all', 'web'], mirrorDest: 'ids' },
  ]
  for (const words of others)
    it(`are refused: ${JSON.stringify(words)}`, () => {
      assert.throws(() => parsed(words), { code: 'BadInput', status: 2 })
    })
})
