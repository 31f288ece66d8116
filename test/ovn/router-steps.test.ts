import { strict as assert } from 'node:assert'
import type { Northbound } from '../../src/lib/ovn/change.ts'
import { change } from '../../src/lib/ovn/change.ts'
import { recount } from '../../src/lib/ovn/nb/addresses.ts'
import { portsOfNetwork } from '../../src/lib/ovn/nb/logical-port.ts'
import { joinSwitch, switchAt } from '../../src/lib/ovn/nb/logical-switch.ts'
import { readMembers } from '../../src/lib/ovn/nb/transit-members.ts'
import type { NetworkSpec } from '../../src/lib/network/spec.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { logicalSwitchRemove } from '../../src/lib/plan/steps/logical-switch-remove.ts'
import { switchToMake } from '../../src/lib/plan/parts/switch-to-make.ts'
import { shellLine } from '../../src/lib/system/command.ts'
import { dump, northbound, signal, startNorthbound } from '../support/northbound.ts'
import { joinStep, madeTransit, madeVpc, makeSwitchOf, netOf, settleStep } from '../support/routing.ts'
import { transitSpec, vpcSpec } from '../support/routing.ts'
import { tool } from '../support/tool.ts'

/** A transit network with one member, and what a step needs: the switches of two more networks, one of them with its router. */
const steps: Readonly<Record<string, (nb: Northbound) => Promise<ReversibleStep>>> = {
  'logical-router.join': (nb) => joinStep(nb, vpcSpec(3)),
  'logical-router.join, of a router that others have': (nb) => joinStep(nb, vpcSpec(3, { router: 'lr-1' })),
  'transit.settle, a member': (nb) => settleStep(nb, vpcSpec(2)),
  'transit.settle, a member behind the router of another': async (nb) => {
    const spec = vpcSpec(3, { router: 'lr-1' })
    await (await joinStep(nb, spec)).apply(signal)
    return settleStep(nb, spec)
  },
}

/** How these ended: the codes of those that were refused, and '' for the others; sorted. */
async function codesOf(work: readonly Promise<void>[]): Promise<readonly string[]> {
  const ended = await Promise.allSettled(work)
  return ended.map((end) => (end.status === 'fulfilled' ? '' : (end.reason as { code: string }).code)).sort()
}

describe('steps of logical routers', function () {
  this.timeout(60_000)
  let server: Disposable
  beforeEach(() => {
    server = startNorthbound()
  })
  afterEach(() => {
    server[Symbol.dispose]()
  })

  async function withFixture(body: (nb: Northbound) => Promise<void>): Promise<void> {
    using nb = northbound()
    await madeTransit(nb)
    await madeVpc(nb, vpcSpec(1))
    await makeSwitchOf(nb, vpcSpec(2))
    await (await joinStep(nb, vpcSpec(2))).apply(signal)
    await makeSwitchOf(nb, vpcSpec(3))
    await body(nb)
  }

  for (const [title, make] of Object.entries(steps))
    describe(title, () => {
      it('is done after apply, and not before', () =>
        withFixture(async (nb) => {
          const step = await make(nb)
          assert.equal(step.id, title.split(',')[0])
          assert.equal(await step.isDone(signal), false)
          await step.apply(signal)
          assert.equal(await step.isDone(signal), true)
          const after = dump()
          await step.apply(signal)
          assert.deepEqual(dump(), after)
        }))
      it('the commands that it prints are what it does', () =>
        withFixture(async (nb) => {
          const step = await make(nb)
          for (const command of step.commands()) tool('sh', '-c', shellLine(command))
          assert.equal(await step.isDone(signal), true)
        }))
      it('leaves nothing after undo', () =>
        withFixture(async (nb) => {
          const step = await make(nb)
          const earlier = dump()
          await step.apply(signal)
          assert.notDeepEqual(dump(), earlier)
          await step.undo(signal)
          assert.deepEqual(dump(), earlier)
          await step.undo(signal)
          assert.deepEqual(dump(), earlier)
        }))
      it('can be undone without having been applied', () =>
        withFixture(async (nb) => {
          const step = await make(nb)
          const earlier = dump()
          await step.undo(signal)
          assert.deepEqual(dump(), earlier)
        }))
    })

  const remove = async (nb: Northbound, spec: NetworkSpec, systemId = 'hv1'): Promise<void> => {
    const ls = await switchAt(nb, switchToMake(spec, '').uuid)
    assert.ok(ls)
    await (await logicalSwitchRemove(nb, ls, systemId)).apply(signal)
  }

  it('transit.settle, the gateway router: done after apply, nothing after undo', async () => {
    using nb = northbound()
    await makeSwitchOf(nb, transitSpec())
    const earlier = dump()
    const step = await settleStep(nb)
    assert.equal(await step.isDone(signal), false)
    for (const command of step.commands()) tool('sh', '-c', shellLine(command))
    assert.equal(await step.isDone(signal), true)
    await step.undo(signal)
    assert.deepEqual(dump(), earlier)
    await step.apply(signal)
    await remove(nb, transitSpec())
    assert.equal(tool('ovn-nbctl', 'lr-list').trim() + tool('ovn-nbctl', 'ls-list').trim(), '')
  })

  it('the gateway router is that of the first host, and moves when that one is gone', async () => {
    using nb = northbound()
    await madeTransit(nb)
    const chassis = () => tool('ovn-nbctl', 'get', 'Logical_Router', 'lr-gateway-transit', 'options:chassis').trim()
    const { ls } = netOf()
    await change(nb, joinSwitch({ uuid: ls }, 'hv2'), signal)
    const second = await settleStep(nb, undefined, 'hv2')
    assert.equal(await second.isDone(signal), true)
    assert.equal(chassis(), 'hv1')
    tool('ovn-nbctl', 'remove', 'Logical_Switch', 'ls-transit', 'external_ids', 'ovsd_host.hv1')
    await (await settleStep(nb, undefined, 'hv2')).apply(signal)
    assert.equal(chassis(), 'hv2')
  })

  it('what somebody took away comes back, and what nobody wants goes', () =>
    withFixture(async (nb) => {
      await (await settleStep(nb, vpcSpec(2))).apply(signal)
      const before = dump()
      tool('ovn-nbctl', 'lr-route-del', 'lr-1')
      tool('ovn-nbctl', 'lr-nat-del', 'lr-gateway-transit')
      tool('ovn-nbctl', 'ls-del', 'ls-transit-external')
      const [port = ''] = /transit-\S+/.exec(tool('ovn-nbctl', 'lsp-list', 'ls-transit'))?.[0].split(')') ?? []
      tool('ovn-nbctl', 'lsp-del', port)
      const mark = `external_ids:ovsd_id=${netOf().id}`
      tool(
        ...(['ovn-nbctl', '--id=@r', 'create', 'Logical_Router_Static_Route', mark, 'ip_prefix=10.77.0.0/24'] as const),
        ...['nexthop=192.168.100.77', '--', 'add', 'Logical_Router', 'lr-2', 'static_routes', '@r'],
      )
      const step = await settleStep(nb, vpcSpec(2))
      assert.equal(await step.isDone(signal), false)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      // The address of the port that was gone had been noted as used; another one may have been given.
      const { ls, id } = netOf()
      await recount(nb, ls)
      // Of two members, and the gateway router's three: inside, outside, and to the physical network.
      assert.equal((await portsOfNetwork(nb, id)).length, 5)
      assert.equal(dump().length, before.length)
    }))

  const routes = (router: string): readonly string[] =>
    tool('ovn-nbctl', '--bare', '--columns=static_routes', 'list', 'Logical_Router', router).trim().split(/\s+/)

  it('ten hosts that connect ten networks at once lose no route, and no two routers get one address', async () => {
    {
      using nb = northbound()
      await madeTransit(nb)
    }
    const numbers = Array.from({ length: 10 }, (_, i) => i + 1)
    const clients = numbers.map(() => northbound())
    try {
      await Promise.all(clients.map((nb, i) => madeVpc(nb, vpcSpec(numbers[i] ?? 0))))
      const [nb] = clients
      assert.ok(nb)
      const { ls, id } = netOf()
      const ports = (await portsOfNetwork(nb, id)).filter(({ name }) => name.startsWith('transit-'))
      const addresses = ports.flatMap(({ ips }) => ips.map(({ text }) => text))
      assert.equal(new Set(addresses).size, 20, addresses.join(' '))
      assert.deepEqual(await recount(nb, ls), await switchAt(nb, ls))
      // Nine others, two subnets each; the way out, and to the gateway outside.
      for (const n of numbers) assert.equal(routes(`lr-${n}`).length, 9 * 2 + 2, `lr-${n}`)
      for (const n of numbers) assert.equal(await (await settleStep(nb, vpcSpec(n))).isDone(signal), true)
      // And as many at once go.
      await Promise.all(clients.map((one, i) => remove(one, vpcSpec(numbers[i] ?? 0))))
      assert.equal(tool('ovn-nbctl', 'lr-list').trim().split('\n').length, 1)
      const now = await switchAt(nb, ls)
      assert.deepEqual(readMembers(now?.externalIds ?? {}), [])
      assert.deepEqual(
        Object.keys(now?.externalIds ?? {}).filter((key) => key.startsWith('ovsd_used')),
        [],
      )
      await remove(nb, transitSpec())
      assert.equal(tool('ovn-nbctl', 'lr-list').trim() + tool('ovn-nbctl', 'ls-list').trim(), '')
    } finally {
      for (const nb of clients) nb[Symbol.dispose]()
    }
  })

  it('two networks that join one router at once are both on it, unless they overlap; leaving at once they take it along', async () => {
    using one = northbound()
    using other = northbound()
    const [a, b] = [vpcSpec(1, { router: 'lr-x' }), vpcSpec(2, { router: 'lr-x' })]
    const apart = [a, b].map((spec) => ({ ...spec, overlay: spec.overlay && { ...spec.overlay, transit: undefined } }))
    const [x, y] = apart
    assert.ok(x && y)
    for (let round = 0; round < 5; round++) {
      await Promise.all([madeVpc(one, x), madeVpc(other, y)])
      assert.equal(tool('ovn-nbctl', 'lr-list').trim().split('\n').length, 1)
      assert.equal(
        tool('ovn-nbctl', '--bare', '--columns=name', 'list', 'Logical_Router_Port').trim().split(/\s+/).length,
        2,
      )
      await Promise.all([remove(one, x), remove(other, y)])
      assert.equal(tool('ovn-nbctl', 'lr-list').trim(), '')
      const same = vpcSpec(3, { router: 'lr-x', subnet: ['10.1.0.128/25'] })
      const z = { ...same, overlay: same.overlay && { ...same.overlay, transit: undefined } }
      assert.deepEqual(await codesOf([madeVpc(one, x), madeVpc(other, z)]), ['', 'SubnetOverlaps'])
      for (const spec of [x, z]) await remove(one, spec)
      assert.equal(tool('ovn-nbctl', 'lr-list').trim(), '')
    }
  })

  it('overlapping networks that become members at once: one of them is refused', async () => {
    using one = northbound()
    using other = northbound()
    await madeTransit(one)
    const [a, b] = [vpcSpec(1), vpcSpec(2, { subnet: ['10.1.0.0/16'] })]
    assert.deepEqual(await codesOf([madeVpc(one, a), madeVpc(other, b)]), ['', 'SubnetOverlaps'])
  })

  it('hundreds of routes that are gone come back, in several transactions', async () => {
    using nb = northbound()
    await madeTransit(nb)
    const numbers = Array.from({ length: 15 }, (_, i) => i + 1)
    for (const n of numbers) await madeVpc(nb, vpcSpec(n))
    const before = dump()
    for (const n of numbers) tool('ovn-nbctl', 'lr-route-del', `lr-${n}`)
    const step = await settleStep(nb, vpcSpec(1))
    await step.apply(signal)
    assert.equal(await step.isDone(signal), true)
    assert.deepEqual(dump(), before)
  })

  it('a transit network that is removed meanwhile is said', () =>
    withFixture(async (nb) => {
      const step = await settleStep(nb, vpcSpec(2))
      await remove(nb, transitSpec())
      await assert.rejects(step.apply(signal), { code: 'TransitMissing' })
    }))
})
