// What Docker asks for as a network: options by the grammar of --opt, addresses, --internal.
import { strict as assert } from 'node:assert'
import { OvsdError } from '../../../src/lib/errors.ts'
import { askedNetwork } from '../../../src/lib/plugin/network-words.ts'
import type { CreateNetworkRequest } from '../../../src/lib/plugin/requests.ts'

const ID = 'b5082ded43d3b362c2b913dae6ee17a8afb51ef0e2a2e19db122d4b5fea67142'
const POOL = { pool: '10.0.0.0/24', gateway: '10.0.0.1/24', aux: {} }
const asked = (more: Partial<CreateNetworkRequest> = {}) =>
  askedNetwork({ network: ID, options: {}, isInternal: false, pools: [POOL], ...more })

const refused = (more: Partial<CreateNetworkRequest>, code: string, words: RegExp): void => {
  assert.throws(
    () => asked(more),
    (error) => error instanceof OvsdError && error.code === code && words.test(`${error.message} ${error.next ?? ''}`),
  )
}

describe('a network that Docker asks for', () => {
  it('is called by the beginning of its id, and is Docker’s', () => {
    const { words, spec } = asked()
    assert.deepEqual(
      [spec.name, spec.id, spec.owner, spec.mode, spec.bridge],
      ['b5082ded43d3', ID, 'plugin', 'nat', 'ovsbr0'],
    )
    assert.deepEqual(words.gateway, ['10.0.0.1'])
  })

  it('has the addresses that Docker has for it, of both IP versions', () => {
    const six = { pool: 'fd00::/64', gateway: 'fd00::1/64', aux: {} }
    const { spec } = asked({ pools: [{ ...POOL, aux: { printer: '10.0.0.9/24' } }, six] })
    const told = spec.subnets.map(({ cidr, gateway, aux }) => [
      cidr.text,
      gateway?.text,
      aux.map(({ name, ip }) => [name, ip.text]),
    ])
    assert.deepEqual(told, [
      ['10.0.0.0/24', '10.0.0.1', [['printer', '10.0.0.9']]],
      ['fd00::/64', 'fd00::1', []],
    ])
    assert.deepEqual(asked({ pools: [{ pool: '0.0.0.0/0', gateway: '0.0.0.0/0', aux: {} }] }).spec.subnets, [])
  })

  it('takes the options of every driver that people come from', () => {
    const { spec } = asked({
      options: {
        ...{ tenant_id: 'acme', vlan: '7', 'net.gopher.ovs.bridge.name': 'br9', 'net.gopher.ovs.bridge.mode': 'nat' },
        ...{ 'com.docker.network.driver.mtu': '1400', vrf: 'red' },
      },
    })
    assert.deepEqual([spec.tenant, spec.vlan, spec.bridge, spec.mtu, spec.vrf], ['acme', 7, 'br9', 1400, 'red'])
  })

  it('is the same with what Docker says to itself among its options, and with nothing else that is not known', () => {
    const own = { 'com.docker.network.enable_ipv4': 'true', 'com.docker.network.enable_ipv6': 'false' }
    assert.deepEqual(asked({ options: own }), asked())
    refused({ options: { 'com.docker.network.bridge.name': 'x' } }, 'BadInput', /no option "com.docker.network.bridge/)
  })

  it('may be a logical switch, whose id all hosts share and Docker does not make', () => {
    const { spec } = asked({ options: { 'ovn.switch': 'ls1', tenant_id: 'acme' } })
    assert.deepEqual([spec.id, spec.docker, spec.bridge, spec.mode], [undefined, ID, 'br-int', 'l2'])
    assert.equal(
      spec.overlay?.record,
      '{"subnet":["10.0.0.0/24"],"gateway":["10.0.0.1"],"auxAddress":[],"switch":"ls1","tenant":"acme"}',
    )
    const { spec: transit } = asked({ options: { 'ovn.role': 'transit' } })
    assert.deepEqual([transit.id, transit.overlay?.logicalSwitch], [undefined, 'ls-b5082ded43d3'])
  })

  it('may bring its central with it', () => {
    const options = { 'ovn.switch': 'ls1', 'ovn.nb_connection': 'tcp:172.30.0.5:6641', 'ovn.encap': 'vxlan' }
    const auto = { 'ovn.auto_create': 'true', 'ovn.transit_overlay_network': 'mine' }
    assert.equal(asked({ options }).spec.central, undefined)
    assert.deepEqual(asked({ options: { ...options, ...auto } }).spec.central, {
      ...{ network: 'mine', northbound: 'tcp:172.30.0.5:6641', encap: 'vxlan' },
    })
  })

  it('has no way out when it is internal', () => {
    const { spec } = asked({ isInternal: true })
    assert.deepEqual([spec.mode, spec.subnets[0]?.gateway], ['l2', undefined])
    refused({ isInternal: true, options: { mode: 'nat' } }, 'BadInput', /--internal: a nat network leads out/)
    refused({ isInternal: true, options: { uplink: 'eno2' } }, 'BadInput', /--internal: the network leads out by eno2/)
    const onOvn = { 'ovn.switch': 'ls1' }
    assert.equal(asked({ isInternal: true, options: onOvn }).spec.subnets[0]?.gateway, undefined)
    refused({ isInternal: true, options: { ...onOvn, 'ovn.router': 'lr1' } }, 'BadInput', /leads out by lr1/)
    refused({ isInternal: true, options: { ...onOvn, 'ovn.physnet': 'wan' } }, 'BadInput', /leads out by wan/)
  })

  it('has the addresses that Docker gives where OVN answers to DHCP, whoever is said to give them', () => {
    const options = { 'ovn.switch': 'ls1', dhcp: 'ovn' }
    const [one, other] = [asked({ options }), asked({ options: { ...options, ipam: 'external' } })]
    assert.deepEqual(other, one)
    assert.deepEqual([other.spec.source, other.spec.overlay?.dhcp], ['docker', true])
    refused(
      { options: { 'ovn.switch': 'ls1', ipam: 'external' } },
      'BadInput',
      /--opt ipam: a logical switch lets through/,
    )
  })

  it('has to be on OVN where nothing else is wanted', () => {
    const request = (options: Readonly<Record<string, string>>): CreateNetworkRequest => ({
      ...{ network: ID, isInternal: false, pools: [POOL], options },
    })
    assert.throws(
      () => askedNetwork(request({ vlan: '7' }), { requireOvn: true }),
      /ovn\.switch is required - this plugin requires OVN configuration/,
    )
    for (const options of [{ 'ovn.switch': 'ls1' }, { 'ovn.role': 'transit' }])
      assert.equal(askedNetwork(request(options), { requireOvn: true }).spec.bridge, 'br-int')
  })

  it('is refused in the words that were typed for docker', () => {
    refused({ options: { vlan: '4095' } }, 'BadInput', /--opt vlan: /)
    refused({ options: { vlna: '7' } }, 'BadInput', /--opt: there is no option "vlna".*vlan=VALUE/s)
    refused({ options: { mtu: 7 } }, 'BadInput', /--opt: mtu is no text/)
    refused({ options: { name: 'x' } }, 'BadInput', /there is no option "name"/)
    refused({ options: { owner: 'net' } }, 'BadInput', /there is no option "owner"/)
    refused({ pools: [POOL, { ...POOL, pool: '10.1.0.0/24' }] }, 'BadInput', /--subnet: 10.1.0.0\/24 is a second one/)
    refused({ options: { dhcp: 'external' } }, 'BadInput', /--ipam-driver null/)
    refused({ options: { ipam: 'external' } }, 'BadInput', /--ipam-driver null/)
    assert.equal(asked({ options: { ipam: 'external' }, pools: [{ ...POOL, pool: '0.0.0.0/0' }] }).spec.source, 'dhcp')
    refused({ options: { 'ovn.auto_create': 'true' } }, 'NeedsOvn', /--opt ovn.auto_create is for networks on OVN/)
    refused({ options: { 'ovn.transit_overlay_network': 'x' } }, 'NeedsOvn', /transit_overlay_network/)
    for (const name of ['ovn.nb_connection', 'ovn.sb_connection', 'ovn.encap', 'ovn.encap_ip'])
      refused({ options: { [name]: 'x' } }, 'NeedsOvn', new RegExp(`--opt ${name} is for networks on OVN`))
    refused({ options: { 'ovn.switch': 'ls1', 'ovn.auto_create': 'maybe' } }, 'BadInput', /neither true nor false/)
  })
})
