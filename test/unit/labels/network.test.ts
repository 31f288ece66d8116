import { strict as assert } from 'node:assert'
import { wishesOf, type Wish } from '../../../src/lib/labels/wishes.ts'
import type { RecordedNetwork } from '../../../src/lib/network/record.ts'
import { recordedNetwork } from '../../support/networks.ts'
import { ID } from '../../support/samples.ts'

const BLUE = recordedNetwork({
  ...{ name: 'blue', subnet: ['10.3.0.0/24', 'fd03::/64'], gateway: ['10.3.0.1'], auxAddress: ['10.3.0.9'] },
  ...{ vlan: '30', tenant: 'acme', mtu: '1450' },
})
const PLAIN = recordedNetwork({ name: 'plain', subnet: ['10.4.0.0/24'] })
const BARE = recordedNetwork({ name: 'bare', vlan: '7' })
const STATIC = recordedNetwork({ name: 'static', vlan: '8', subnet: ['10.5.0.0/24'], ipam: 'static' })
const DAMAGED: RecordedNetwork = { name: 'broken', bridge: 'bn0', problem: 'its record is damaged' }
const ALL: readonly RecordedNetwork[] = [BLUE, PLAIN, BARE, STATIC, DAMAGED]

type Labels = Readonly<Record<string, string>>

const wishes = (labels: Labels, networks: readonly RecordedNetwork[] | undefined = ALL): readonly Wish[] =>
  wishesOf(labels, { bridge: 'ovsbr0', iface: 'eth1', mtu: 1400, networks, container: ID })

function only(labels: Labels, networks?: readonly RecordedNetwork[]) {
  const [wish, ...more] = wishes(labels, networks ?? ALL)
  assert.deepEqual(more, [])
  return wish?.kind === 'wanted' ? wish : assert.fail(JSON.stringify(wish))
}

function refusal(labels: Labels) {
  const [wish, ...more] = wishes(labels)
  assert.deepEqual(more, [])
  return wish?.kind === 'refused' ? wish.refusal : assert.fail(`${JSON.stringify(labels)} is not refused`)
}

const texts = (items: readonly { readonly text: string }[]) => items.map(({ text }) => text)

describe('labels that name a network', () => {
  it('are enough: all that the network says comes from it, and its addresses later', () => {
    const { iface, request, network } = only({ 'ovs.network': 'blue' })
    const { bridge, vlan, tenant, mtu, addresses, gateways, owner, persist } = request
    assert.deepEqual([iface, network], ['eth1', { name: 'blue', found: BLUE }])
    assert.deepEqual(
      [bridge, vlan, tenant, mtu, request.network, owner, persist],
      ['bn0', { kind: 'access', tag: 30 }, 'acme', 1450, 'blue', 'watch', true],
    )
    assert.deepEqual([addresses, gateways], [[], []])
  })

  it('of an interface, beside others without one', () => {
    const [one, other, ...more] = wishes({ 'ovs.ip_address': '10.0.0.2/24', 'ovs.eth2.network': 'plain' })
    assert.ok(one?.kind === 'wanted' && other?.kind === 'wanted')
    assert.deepEqual([one.network, one.request.persist, one.request.bridge, more], [undefined, undefined, 'ovsbr0', []])
    assert.deepEqual([other.iface, other.request.network], ['eth2', 'plain'])
  })

  it('untagged, without an MTU: untagged traffic alone, and the default MTU', () => {
    const { vlan, mtu, tenant } = only({ 'ovs.network': 'plain' }).request
    assert.deepEqual([vlan, mtu, tenant], [{ kind: 'access', tag: 0 }, 1400, undefined])
  })

  it('without subnets: an interface without an address', () => {
    assert.deepEqual(only({ 'ovs.network': 'bare' }).request.addresses, [])
  })

  it('with an address: one of the network, with or without its prefix length', () => {
    for (const [given, whole] of [
      ['10.3.0.7', ['10.3.0.7/24']],
      ['10.3.0.7/24', ['10.3.0.7/24']],
      ['fd03:0::7', ['fd03::7/64']],
      ['fd03::7 10.3.0.7/24', ['fd03::7/64', '10.3.0.7/24']],
    ] as const)
      assert.deepEqual(texts(only({ 'ovs.network': 'blue', 'ovs.ip_address': given }).request.addresses), whole)
    assert.deepEqual(texts(only({ 'ovs.network': 'static', 'ovs.ip_address': '10.5.0.2' }).request.addresses), [
      '10.5.0.2/24',
    ])
  })

  it('with routes and a gateway of its own, checked against the subnets', () => {
    const { request } = only({
      ...{ 'ovs.network': 'blue', 'ovs.gateway': '10.3.0.1', 'ovs.routes': '10.9.0.0/16,10.3.0.5' },
      ...{ 'ovs.mtu': '1400', 'ovs.mac_address': '02:00:00:00:00:07', 'ovs.rate': '1M' },
    })
    assert.deepEqual([texts(request.gateways), request.routes[0]?.via?.text], [['10.3.0.1'], '10.3.0.5'])
    assert.deepEqual([request.mtu, request.mac, request.rate, request.addresses], [1400, '02:00:00:00:00:07', 1000, []])
  })

  it('may lead an external address to what the network gives', () => {
    const external = { 'ovs.external_ip': '192.0.2.10', 'ovs.external_interface': 'eno1' }
    assert.equal(only({ 'ovs.network': 'blue', ...external }).external?.link, 'eno1')
    assert.match(refusal({ 'ovs.network': 'bare', ...external }).message, /leads to an IPv4/)
  })

  it('may say what the network says', () => {
    const same = { 'ovs.bridge': 'bn0', 'ovs.vlan': '30', 'ovs.tenant': 'acme', 'ovs.mtu': '1450' }
    assert.equal(only({ 'ovs.network': 'blue', ...same }).request.network, 'blue')
  })

  const wrong: readonly (readonly [labels: Labels, code: string, label: string, words: RegExp])[] = [
    [{ 'ovs.bridge': 'br9' }, 'LabelConflict', 'ovs.bridge', /the network blue is on bn0/],
    [{ 'ovs.vlan': '31' }, 'LabelConflict', 'ovs.vlan', /the network blue is VLAN 30/],
    [{ 'ovs.network': 'plain', 'ovs.vlan': '31' }, 'LabelConflict', 'ovs.vlan', /the network plain is untagged/],
    [{ 'ovs.trunks': '30' }, 'LabelConflict', 'ovs.trunks', /is one VLAN/],
    [{ 'ovs.native_vlan': '30' }, 'LabelConflict', 'ovs.native_vlan', /is one VLAN/],
    [{ 'ovs.tenant': 'other' }, 'LabelConflict', 'ovs.tenant', /belongs to acme/],
    [{ 'ovs.network': 'plain', 'ovs.tenant': 'acme' }, 'LabelConflict', 'ovs.tenant', /has no tenant/],
    [{ 'ovs.mtu': '1451' }, 'LabelConflict', 'ovs.mtu', /has an MTU of 1450/],
    [{ 'ovs.mtu': '1279' }, 'BadInput', 'ovs.mtu', /IPv6 needs at least 1280/],
    [{ 'ovs.mtu': 'x' }, 'BadInput', 'ovs.mtu', /not a number/],
    [{ 'ovs.ip_address': '10.4.0.2' }, 'BadInput', 'ovs.ip_address', /in no subnet of the network blue/],
    [{ 'ovs.ip_address': '10.3.0.7/16' }, 'BadInput', 'ovs.ip_address', /is in 10\.3\.0\.0\/24/],
    [{ 'ovs.ip_address': '10.3.0.7/24/24' }, 'BadInput', 'ovs.ip_address', /is in 10\.3\.0\.0\/24/],
    [{ 'ovs.ip_address': '10.3.0.1' }, 'BadInput', 'ovs.ip_address', /not for containers/],
    [{ 'ovs.ip_address': '10.3.0.9' }, 'BadInput', 'ovs.ip_address', /not for containers/],
    [{ 'ovs.ip_address': '10.3.0.255' }, 'BadInput', 'ovs.ip_address', /not for containers/],
    [{ 'ovs.ip_address': 'fd03::' }, 'BadInput', 'ovs.ip_address', /network itself/],
    [{ 'ovs.ip_address': '10.3.0.7,10.3.0.8' }, 'BadInput', 'ovs.ip_address', /one address for each IP version/],
    [{ 'ovs.ip_address': ',' }, 'BadInput', 'ovs.ip_address', /names no address/],
    [{ 'ovs.network': 'bare', 'ovs.ip_address': '10.3.0.7' }, 'BadInput', 'ovs.ip_address', /in no subnet/],
    [{ 'ovs.network': 'static' }, 'BadInput', 'ovs.ip_address', /gives no addresses of its own/],
    [{ 'ovs.network': 'plain', 'ovs.gateway': 'fd04::1' }, 'BadInput', 'ovs.gateway', /needs an address of IPv6/],
    [{ 'ovs.gateway': '10.3.0.255' }, 'BadInput', 'ovs.gateway', /broadcast/],
    [{ 'ovs.gateway': 'x' }, 'BadInput', 'ovs.gateway', /not an IP address/],
    [{ 'ovs.routes': '10.9.0.0/16,10.4.0.5' }, 'BadInput', 'ovs.routes', /in none of the networks/],
    [{ 'ovs.network': 'green' }, 'NetworkMissing', 'ovs.network', /there is no network green/],
    [{ 'ovs.network': 'broken' }, 'NetworkDamaged', 'ovs.network', /the network broken cannot be used/],
    [{ 'ovs.network': '' }, 'BadInput', 'ovs.network', /it is empty/],
    [{ 'ovs.network': '-x' }, 'BadInput', 'ovs.network', /not a name/],
    [{ 'ovs.network': 'a b' }, 'BadInput', 'ovs.network', /not a name/],
    [{ 'ovs.network': '\u202Eblue' }, 'BadInput', 'ovs.network', /\\u202e/],
    [{ 'ovs.network': 'x'.repeat(64) }, 'BadInput', 'ovs.network', /not a name/],
  ]
  for (const [labels, code, label, words] of wrong)
    it(`are refused: ${JSON.stringify(labels).slice(0, 70)}`, () => {
      const found = refusal({ 'ovs.network': 'blue', ...labels })
      assert.deepEqual([found.code, found.label], [code, label])
      assert.match(found.message, words)
      assert.ok(found.message.startsWith(`${label}: `), found.message)
      assert.ok(found.next !== undefined)
    })

  it('of an interface are called by their own names', () => {
    const { label, message } = refusal({ 'ovs.eth3.network': 'blue', 'ovs.eth3.vlan': '5' })
    assert.deepEqual([label, message], ['ovs.eth3.vlan', 'ovs.eth3.vlan: the network blue is VLAN 30.'])
    assert.match(refusal({ 'ovs.eth3.network': 'bleu' }).next ?? '', /^Did you mean blue\?/)
  })

  it('that two interfaces name give it to the first', () => {
    const [one, other] = wishes({ 'ovs.network': 'blue', 'ovs.eth2.network': 'blue', 'ovs.eth3.network': 'plain' })
    assert.deepEqual([one?.kind, other?.kind], ['wanted', 'refused'])
    assert.ok(other?.kind === 'refused')
    assert.equal(other.refusal.message, 'ovs.eth2.network: eth1 is in blue already.')
  })

  describe('where nobody can look networks up', () => {
    const unseen = (labels: Labels) => {
      const [wish] = wishesOf(labels, { bridge: 'ovsbr0', iface: 'eth1', networks: undefined, container: ID })
      return wish
    }

    it('are taken as far as they go', () => {
      const wish = unseen({ 'ovs.network': 'blue', 'ovs.gateway': '10.3.0.1', 'ovs.routes': '10.9.0.0/16,10.3.0.5' })
      assert.ok(wish?.kind === 'wanted')
      assert.deepEqual([wish.network, wish.request.network], [{ name: 'blue', found: undefined }, 'blue'])
    })

    it('are refused where no network would do', () => {
      for (const more of [{ 'ovs.trunks': '10' }, { 'ovs.mtu': 'x' }, { 'ovs.network': 'a b' }] as const)
        assert.equal(unseen({ 'ovs.network': 'blue', ...more })?.kind, 'refused')
    })
  })
})
