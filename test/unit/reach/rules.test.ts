import { strict as assert } from 'node:assert'
import type { AttachmentSeen } from '../../../src/lib/doctor/attachments-seen.ts'
import { parseNetworkSpec } from '../../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../../src/lib/network/words.ts'
import { derive } from '../../../src/lib/reach/derive.ts'
import { legsOf, type Leg } from '../../../src/lib/reach/legs.ts'
import { ruleFor } from '../../../src/lib/reach/rules.ts'
import type { ContainerEnd } from '../../../src/lib/path/ends.ts'
import { sameSegment } from '../../../src/lib/reach/same-segment.ts'

interface Wanted {
  readonly name: string
  readonly addresses?: readonly string[]
  readonly gateways?: readonly string[]
  readonly tenant?: string
  /** Tag of the port; that of the network where left out. */
  readonly vlan?: number
  readonly network?: NetworkWords
}

/** A port as doctor sees it, as far as expectations are about it. */
function seen({ name, addresses = [], gateways = [], tenant = '', vlan, network }: Wanted): AttachmentSeen {
  const spec = network === undefined ? undefined : parseNetworkSpec(network)
  const tag = vlan ?? spec?.vlan
  const bridge = { name: spec?.bridge ?? 'br0' }
  const externalIds = spec?.overlay === undefined ? {} : { 'iface-id': `lsp-${name}` }
  return {
    where: {
      bridge,
      port: { name: `${name}_l`, vlan: tag === undefined ? { kind: 'none' } : { kind: 'access', tag } },
      interface: { externalIds, uuid: `${name} ${String(tag)}` },
    },
    marks: { iface: 'eth1', container: name, tenant, network: network?.name ?? '', spec: { addresses, gateways } },
    life: { path: `/proc/${name}/ns/net`, name },
    network: spec === undefined ? undefined : { name: spec.name, bridge: spec.bridge, spec },
    routes: [],
  } as unknown as AttachmentSeen
}

function legs(...all: Wanted[]): readonly Leg[] {
  return legsOf(all.map(seen))
}

/** Rule from the interfaces of the first to the one of the last. */
function between(...all: Wanted[]): string {
  const [to, ...from] = legs(...all).toReversed()
  assert.ok(to)
  const rule = ruleFor(from, to)
  return rule === undefined ? 'unknown' : `${rule.reach ? 'reach' : 'deny'}: ${rule.why}`
}

const nat = (name: string, third: number, tenant?: string): NetworkWords => ({
  ...{ name, mode: 'nat', subnet: [`10.0.${String(third)}.0/24`], vlan: String(third) },
  ...(tenant === undefined ? {} : { tenant }),
})
const l2 = (name: string, vlan: number, gateway?: string): NetworkWords => ({
  ...{ name, mode: 'l2', vlan: String(vlan), subnet: ['10.9.0.0/24'] },
  ...(gateway === undefined ? {} : { gateway: [gateway] }),
})
const overlay = (name: string, more: Partial<NetworkWords> = {}): NetworkWords => ({
  ...{ name, switch: `ls-${name}`, subnet: ['10.8.0.0/24'], ...more },
})

describe('what two interfaces are to each other', () => {
  for (const [title, a, b, expected] of [
    [
      'of one VLAN and subnet',
      { name: 'a', vlan: 7, addresses: ['10.1.0.1/24'] },
      { name: 'b', vlan: 7, addresses: ['10.1.0.2/24'] },
      'reach: both are in VLAN 7 of br0',
    ],
    [
      'of one VLAN and two subnets',
      { name: 'a', vlan: 7, addresses: ['10.1.0.1/24'] },
      { name: 'b', vlan: 7, addresses: ['10.2.0.2/24'] },
      'unknown',
    ],
    [
      'of one VLAN and two tenants',
      { name: 'a', vlan: 7, tenant: 'x', addresses: ['10.1.0.1/24'] },
      { name: 'b', vlan: 7, tenant: 'y', addresses: ['10.1.0.2/24'] },
      'deny: the tenant x and the tenant y are kept apart',
    ],
    [
      'of two VLANs',
      { name: 'a', vlan: 7, addresses: ['10.1.0.1/24'] },
      { name: 'b', addresses: ['10.1.0.2/24'] },
      'deny: nothing joins VLAN 7 of br0 and the untagged segment of br0',
    ],
    [
      'of two VLANs with routers that are not ours',
      { name: 'a', vlan: 7, addresses: ['10.1.0.1/24'], gateways: ['10.1.0.254'] },
      { name: 'b', vlan: 8, addresses: ['10.2.0.2/24'], gateways: ['10.2.0.254'] },
      'unknown',
    ],
    [
      'of two nat networks of one tenant',
      { name: 'a', network: nat('red', 1, 'x') },
      { name: 'b', network: nat('blue', 2, 'x') },
      'reach: the host forwards between networks of the tenant x',
    ],
    [
      'of two nat networks of nobody',
      { name: 'a', network: nat('red', 1) },
      { name: 'b', network: nat('blue', 2) },
      'deny: the host forwards nothing between the network red and the network blue',
    ],
    [
      'of two nat networks of two tenants',
      { name: 'a', network: nat('red', 1, 'x') },
      { name: 'b', network: nat('blue', 2, 'y') },
      'deny: the tenant x and the tenant y are kept apart',
    ],
    [
      'of a tenant, and of nobody',
      { name: 'a', network: nat('red', 1, 'x') },
      { name: 'b', network: nat('blue', 2) },
      'deny: the tenant x and what is of no tenant are kept apart',
    ],
    [
      'of a tenant, and of a network of nobody that has a way out',
      { name: 'a', network: nat('red', 1, 'x') },
      { name: 'b', network: l2('blue', 2, '10.9.0.1') },
      'unknown',
    ],
    [
      'of a tenant, and of a network of nobody that has none',
      { name: 'a', network: nat('red', 1, 'x') },
      { name: 'b', network: l2('blue', 2) },
      'deny: the tenant x and what is of no tenant are kept apart',
    ],
    [
      'of a network that has a way out, and one that has none',
      { name: 'a', network: nat('red', 1) },
      { name: 'b', network: l2('blue', 2) },
      'deny: nothing joins the network red and the network blue',
    ],
    [
      'of two networks behind one logical router',
      { name: 'a', network: overlay('red', { router: 'r1' }) },
      { name: 'b', network: overlay('blue', { router: 'r1', subnet: ['10.7.0.0/24'] }) },
      'reach: the router r1 joins the network red and the network blue',
    ],
    [
      'of two tenants that a transit network joins',
      { name: 'a', network: overlay('red', { tenant: 'x', router: 'r1', transitNetwork: 'core' }) },
      {
        name: 'b',
        network: overlay('blue', { tenant: 'y', router: 'r2', transitNetwork: 'core', subnet: ['10.7.0.0/24'] }),
      },
      'reach: the transit network core joins the network red and the network blue',
    ],
    [
      'of two logical switches',
      { name: 'a', network: overlay('red') },
      { name: 'b', network: overlay('blue') },
      'deny: nothing joins the network red and the network blue',
    ],
  ] as const)
    it(title, () => {
      assert.equal(between(a, b), expected)
    })

  it('of a container in both networks: it reaches each of them', () => {
    const both = [
      { name: 'a', vlan: 7, addresses: ['10.1.0.1/24'] },
      { name: 'a', vlan: 8, addresses: ['10.2.0.1/24'] },
    ]
    assert.equal(
      between(...both, { name: 'b', vlan: 8, addresses: ['10.2.0.2/24'] }),
      'reach: both are in VLAN 8 of br0',
    )
  })

  it('of a container with two ways, one of which a router leads on: its routes say which', () => {
    const both = [
      { name: 'a', network: nat('red', 1, 'x') },
      { name: 'a', network: nat('blue', 2, 'y') },
    ]
    assert.equal(between(...both, { name: 'b', network: nat('green', 3, 'x') }), 'unknown')
    const all = derive(legs(...both, { name: 'b', network: nat('green', 3, 'x') }), false)
    assert.deepEqual(
      all.filter(({ reach }) => reach),
      [],
    )
  })

  it('without any address: their VLANs are compared all the same', () => {
    const [one] = derive(
      legs({ name: 'a', network: l2('red', 7), tenant: 'x' }, { name: 'b', network: l2('blue', 8), tenant: 'y' }),
      false,
    )
    assert.deepEqual([one?.reach, one?.to.kind === 'container' && one.to.family], [false, undefined])
  })

  it('with addresses that nobody can read: nothing is known', () => {
    assert.equal(between({ name: 'a', addresses: ['x/99'] }, { name: 'b', addresses: ['10.1.0.2/24'] }), 'unknown')
  })
})

describe('what goes without saying', () => {
  const many = (count: number, vlan: number): readonly Wanted[] =>
    Array.from({ length: count }, (_, i) => ({
      ...{ name: `v${String(vlan)}n${String(i)}`, vlan, addresses: [`10.${String(vlan)}.0.${String(i + 1)}/24`] },
    }))

  it('is each with each for a few, in both directions', () => {
    const all = derive(legs(...many(3, 1), ...many(2, 2)), false)
    assert.equal(all.length, 5 * 4)
    assert.equal(all.filter(({ reach }) => reach).length, 3 * 2 + 2)
    assert.ok(all.every(({ from, to }) => from.name !== to.name))
  })

  it('is a ring in every network for many, and one of every other network by turns', () => {
    const all = derive(legs(...many(20, 1), ...many(10, 2)), false)
    const open = all.filter(({ reach }) => reach)
    assert.equal(open.length, 30)
    assert.equal(new Set(open.map(({ to }) => to.name)).size, 30)
    const closed = all.filter(({ reach }) => !reach)
    assert.equal(closed.length, 40)
    // Everybody is tried by somebody, and tries somebody.
    assert.equal(new Set(closed.map(({ from }) => from.name)).size, 30)
    assert.equal(new Set(closed.map(({ to }) => to.name)).size, 30)
    assert.deepEqual([...new Set(all.map(({ row }) => row))], ['br0:1', 'br0:2'])
    assert.equal(derive(legs(...many(20, 1), ...many(10, 2)), true).length, 30 * 29)
  })

  it('is for both IP versions, where both have them', () => {
    const [one, two] = [1, 2].map((n) => ({ addresses: [`10.1.0.${String(n)}/24`, `fd00::${String(n)}/64`] }))
    const all = derive(legs({ name: 'a', ...one }, { name: 'b', ...two }), false)
    assert.deepEqual(
      all.map(({ to }) => to.kind === 'container' && to.family),
      [4, 6, 4, 6],
    )
  })
})

describe('two that are to be apart', () => {
  const found = (a: Wanted, b: Wanted) => {
    const one = derive(legs(a, b), false).find(({ from }) => from.name === a.name)
    assert.ok(one)
    assert.equal(one.reach, false)
    return sameSegment(one)
  }
  const red = { name: 'a', network: l2('red', 7), tenant: 'x', addresses: ['10.9.0.1/24'] }
  const blue = { name: 'b', network: { ...l2('blue', 8), tenant: 'y' }, addresses: ['10.9.0.2/24'] }

  it('are, with VLANs of their own', () => {
    assert.equal(found(red, blue), undefined)
  })

  it('are not with one VLAN, and the one that left its network has to go back', () => {
    const { said, fix } = found(red, { ...blue, vlan: 7 }) ?? {}
    assert.match(said ?? '', /a and b are both in VLAN 7 of ovsbr0/)
    assert.deepEqual(fix, ['ovs-vsctl set Port b_l tag=8 vlan_mode=access'])
    assert.deepEqual(found({ ...red, vlan: 8 }, blue)?.fix, ['ovs-vsctl set Port a_l tag=7 vlan_mode=access'])
  })

  it('are so as trunks without a VLAN in common, and not with one', () => {
    const port = (name: string, vlan: object): AttachmentSeen => {
      const one = seen({ name, tenant: name, addresses: ['10.1.0.1/24'] })
      return { ...one, where: { ...one.where, port: { ...one.where.port, vlan } } } as AttachmentSeen
    }
    const said = (a: object, b: object): string | undefined => {
      const [from, to] = [port('a', a), port('b', b)].map((one): ContainerEnd => ({
        kind: 'container',
        name: one.marks.container,
        netns: one.marks.container,
        attachments: [one],
      }))
      assert.ok(from && to)
      const apart = { reach: false, apart: 'tenants', why: '', row: '', column: '' } as const
      return sameSegment({ ...apart, from, to, traffic: { kind: 'icmp' } })?.said
    }
    const trunk = (...trunks: number[]) => ({ kind: 'trunk', trunks })
    const native = (tag: number, ...trunks: number[]) => ({ kind: 'native', tag, trunks })
    const access = (tag: number) => ({ kind: 'access', tag })
    assert.equal(said(trunk(31), trunk(32)), undefined)
    assert.equal(said(native(31, 40), native(32, 41)), undefined)
    assert.match(said(native(31, 50), native(32, 50)) ?? '', /a has a trunk port .* VLAN 50 of b/)
    assert.match(said(access(31), trunk(30, 31)) ?? '', /b has a trunk port .* VLAN 31 of a, and hear/)
    assert.match(said(trunk(31, 32), access(32)) ?? '', /a has a trunk port .* VLAN 32 of b/)
    assert.match(said(trunk(), access(32)) ?? '', /a has a trunk port/)
    assert.match(said(native(31, 7), access(31)) ?? '', /both in VLAN 31/)
    assert.equal(said(access(31), access(32)), undefined)
  })

  it('are not when one is a trunk, as far as they are tenants', () => {
    const trunk = { name: 'm', network: { ...l2('m', 9), vlan: undefined } as unknown as NetworkWords }
    assert.match(found({ ...trunk, addresses: ['10.3.0.1/24'] }, blue)?.said ?? '', /m has a trunk port .* VLAN 8 of b/)
    const noTenant = { name: 'c', network: l2('green', 5), addresses: ['10.4.0.1/24'] }
    assert.equal(found({ ...trunk, addresses: ['10.3.0.1/24'] }, noTenant), undefined)
  })
})
