// Set-up, removal and repair of an external address with each command failing, and with everything that can go missing.
import { strict as assert } from 'node:assert'
import { externalDifferences, externalDifferencesInside } from '../../src/lib/attach/external-differences.ts'
import { legOf } from '../../src/lib/attach/external-leg.ts'
import { openTarget } from '../../src/lib/attach/target.ts'
import { messageOf } from '../../src/lib/errors.ts'
import { openHost } from '../../src/lib/host.ts'
import { interfacesIn } from '../../src/lib/net/ip-json.ts'
import { externalRepairStep, externalSteps, prepareExternal } from '../../src/lib/plan/external.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { PlanFailed } from '../../src/lib/run/run-plan.ts'
import { blindNft } from '../support/blind-nft.ts'
import { eachFault, type EachFault } from '../support/faulty-runner.ts'
import { addLeg, external, marksOf, removeLegs, type TestLeg } from '../support/legs.ts'
import { bareNamespace, networkedNamespace, type BareNamespace } from '../support/namespace.ts'
import { hostState, OUT, outside, type Outside, reaches } from '../support/outside.ts'
import { tool, toolIn } from '../support/tool.ts'

const IP = '203.0.113.50'
const signal = new AbortController().signal

/** Goes on with the steps of a leg until `most` of them are done, and leaves it at that, as a killed run does. */
async function killedAfter(most: number, namespace: BareNamespace, net: Outside): Promise<TestLeg> {
  using host = openHost()
  const address = external(IP, net.link, OUT)
  const { target, netns } = await openTarget(host, namespace.name, { kind: 'path', path: namespace.path })
  using opened = netns
  const prepared = await prepareExternal(host, { target, iface: 'eth1' }, address, [])
  for (const step of externalSteps(host, { target }, opened, prepared)
    .flat()
    .slice(1, 1 + most))
    await step.apply(signal)
  return { external: address, target, marks: marksOf(target, address) }
}

/** What is missing of a leg, on the host and inside. */
async function missing({ target, external: address }: TestLeg): Promise<readonly string[]> {
  using host = openHost()
  const leg = legOf(target.id, 'eth1', address)
  const { netns } = await openTarget(host, target.name, { kind: 'path', path: target.netnsPath })
  using opened = netns
  const outer = (await externalDifferences(host, [leg])).get(leg.end) ?? []
  return [...outer, ...externalDifferencesInside(leg, await interfacesIn(host.run, opened))]
}

async function repair({ target, external: address }: TestLeg): Promise<void> {
  using host = openHost()
  const { netns } = await openTarget(host, target.name, { kind: 'path', path: target.netnsPath })
  using opened = netns
  const prepared = await prepareExternal(host, { target, iface: 'eth1' }, address, [])
  await externalRepairStep(host, { target }, opened, prepared, ['something']).apply(signal)
}

describe('the set-up of an external address', function () {
  this.timeout(180_000)

  // Asking; reading the filter, writing it, forwarding where it was off, or else the two tables of networks, which may have
  // turned it on; the pair, its inside; forwarding, routes.
  for (const [how, forwarding, commands] of [
    ['does not forward', 0, 8],
    ['forwards already', 1, 9],
  ] as const)
    it(`leaves everything as it was when any of its commands fails, before, after or killed: a host that ${how}`, async () => {
      using net = outside()
      tool('sysctl', '-qw', `net/ipv4/conf/${net.link}/forwarding=${String(forwarding)}`)
      const failed = new Set<number>()
      const once = async ({ runner, reached, nth, what }: EachFault, probe: boolean): Promise<void> => {
        using namespace = networkedNamespace()
        const before = hostState(namespace.path)
        const failure = await addLeg(namespace, external(IP, net.link, OUT), { runner, probe }).then(
          async ({ marks }) => removeLegs(marks),
          (error: unknown) => error,
        )
        assert.equal(failure !== undefined, reached(), what)
        if (failure !== undefined) {
          failed.add(probe ? -1 : nth)
          assert.ok(failure instanceof PlanFailed, messageOf(failure))
          assert.equal(failure.status, 1, failure.message)
        }
        assert.deepEqual(hostState(namespace.path), before, `${what}${probe ? ', asking first' : ''}`)
      }
      // With asking the network, which is the first command then; all others without, for it takes two seconds.
      for (const one of eachFault()) {
        if (one.nth > 0) break
        await once(one, true)
      }
      for (const one of eachFault()) await once(one, false)
      assert.equal(failed.size, commands)
    })

  it('killed after any step: the next set-up completes it, and the removal leaves nothing', async () => {
    using net = outside()
    for (let most = 0; most <= 3; most++) {
      using namespace = networkedNamespace()
      const before = hostState(namespace.path)
      await killedAfter(most, namespace, net)
      const leg = await addLeg(namespace, external(IP, net.link, OUT))
      assert.equal(reaches(net.path, IP), true)
      assert.deepEqual(await missing(leg), [])
      await removeLegs(leg.marks)
      assert.deepEqual(hostState(namespace.path), before, `after ${String(most)} steps`)
    }
  })

  it('killed after any step: the removal alone leaves nothing', async () => {
    using net = outside()
    for (let most = 0; most <= 3; most++) {
      using namespace = networkedNamespace()
      const before = hostState(namespace.path)
      const leg = await killedAfter(most, namespace, net)
      await removeLegs(leg.marks)
      assert.deepEqual(hostState(namespace.path), before, `after ${String(most)} steps`)
    }
  })

  it('has steps that are done after apply, and leave nothing after undo, applied or not', async () => {
    using net = outside()
    using namespace = networkedNamespace()
    using host = openHost()
    const { target, netns } = await openTarget(host, namespace.name, { kind: 'path', path: namespace.path })
    using opened = netns
    const prepared = await prepareExternal(host, { target, iface: 'eth1' }, external(IP, net.link, OUT), [])
    const applied: ReversibleStep[] = []
    const begin = hostState(namespace.path)
    for (const step of externalSteps(host, { target }, opened, prepared).flat()) {
      if (step.id === 'external.probe') continue
      const before = hostState(namespace.path)
      await step.undo(signal)
      assert.deepEqual(hostState(namespace.path), before, step.id)
      assert.equal(await step.isDone(signal), false, step.id)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true, step.id)
      assert.notDeepEqual(hostState(namespace.path), before, step.id)
      applied.unshift(step)
    }
    assert.deepEqual(
      applied.map(({ id }) => id),
      ['external.route', 'external.link', 'external.filter'],
    )
    for (const step of applied) await step.undo(signal)
    assert.deepEqual(hostState(namespace.path), begin)
  })
})

describe('nftables that cannot be looked at', function () {
  this.timeout(60_000)

  it('is no reason to write anew what it has: nothing of another leg is lost, and what was begun fails', async () => {
    using net = outside()
    tool('sysctl', '-qw', `net/ipv4/conf/${net.link}/forwarding=0`)
    using first = networkedNamespace()
    using second = bareNamespace()
    using host = openHost()
    const before = hostState(first.path, second.path)
    const one = await addLeg(first, external(IP, net.link))
    const other = external('203.0.113.51', net.link)
    const { target, netns } = await openTarget(host, second.name, { kind: 'path', path: second.path })
    using opened = netns
    const prepared = await prepareExternal(host, { target, iface: 'eth1' }, other, [])
    const filter = externalSteps(host, { target }, opened, prepared)
      .flat()
      .find(({ id }) => id === 'external.filter')
    const held = hostState(first.path, second.path)
    {
      using _blind = blindNft()
      await assert.rejects(filter?.apply(signal) ?? Promise.resolve(), /Operation not permitted/)
      await assert.rejects(addLeg(second, other), /Operation not permitted/)
      assert.deepEqual(hostState(first.path, second.path), held)
      assert.deepEqual(await missing(one), [`what nftables does about ${net.link} cannot be seen`])
      await assert.rejects(removeLegs(one.marks), /Operation not permitted/)
      // The record by which the rest is found, and by which the interface stops to forward in the end.
      assert.match(tool('nft', 'list', 'ruleset'), /_x.* comment "ip_forward=[01]"/s)
    }
    await removeLegs(one.marks)
    assert.deepEqual(hostState(first.path, second.path), before)
  })
})

describe('a leg of which something is missing', function () {
  this.timeout(120_000)

  const end = (): string => /\w+_x/.exec(tool('ip', '-brief', 'link'))?.[0] ?? ''
  const cases: Readonly<Record<string, (net: Outside, path: string) => unknown>> = {
    'nftables does not let': (net) => tool('nft', 'flush', 'set', 'inet', `ovsd_ext_${net.link}`, 'legs'),
    'is still closed': () => tool('sysctl', '-qw', 'net/ipv4/ip_forward=1'),
    'wan\\d+ does not forward': (net) => tool('sysctl', '-qw', `net/ipv4/conf/${net.link}/forwarding=0`),
    '_x does not forward': () => tool('sysctl', '-qw', `net/ipv4/conf/${end()}/forwarding=0`),
    "the host's route": () => tool('ip', 'route', 'del', `${IP}/32`),
    'nobody answers': (net) => {
      tool('ip', 'link', 'set', net.link, 'down')
      tool('ip', 'link', 'set', net.link, 'up')
    },
    'the way to 203.0.113.9': () => tool('ip', 'rule', 'del', 'pref', '7900'),
    '_x is missing': () => tool('ip', 'link', 'del', end()),
    'ext-eth1 is down': (_, path) => toolIn(path, 'ip', 'link', 'set', 'ext-eth1', 'down'),
    '203.0.113.50 is missing': (_, path) => toolIn(path, 'ip', 'address', 'flush', 'dev', 'ext-eth1'),
  }
  for (const [words, damage] of Object.entries(cases))
    it(`${words}: is told, put back, and removed without a trace`, async () => {
      using net = outside()
      using namespace = networkedNamespace()
      try {
        const before = hostState()
        const leg = await addLeg(namespace, external(IP, net.link, OUT))
        assert.deepEqual(await missing(leg), [])
        damage(net, namespace.path)
        assert.match((await missing(leg)).join('; '), new RegExp(words))
        await repair(leg)
        assert.deepEqual(await missing(leg), [])
        assert.equal(reaches(net.path, IP), true)
        await repair(leg)
        await removeLegs(leg.marks)
        if (words !== 'is still closed') assert.deepEqual(hostState(), before)
      } finally {
        tool('sysctl', '-qw', 'net/ipv4/ip_forward=0')
      }
    })

  it('is repaired although its address is in no network of the interface any more: what leads there is its own', async () => {
    using net = outside()
    using namespace = networkedNamespace()
    const leg = await addLeg(namespace, external(IP, net.link))
    tool('ip', 'address', 'flush', 'dev', net.link)
    assert.deepEqual(await missing(leg), [`nobody answers for ${IP} on ${net.link}`])
    await repair(leg)
    assert.deepEqual(await missing(leg), [])
    await removeLegs(leg.marks)
  })

  it('is one whose container has no default route, too', async () => {
    using net = outside()
    using namespace = bareNamespace()
    const leg = await addLeg(namespace, external(IP, net.link))
    assert.deepEqual(await missing(leg), [])
    await removeLegs(leg.marks)
    assert.deepEqual(await missing(leg), [
      `${end() || legOf(leg.target.id, 'eth1', leg.external).end} is missing`,
      'there is no ext-eth1 inside',
    ])
  })
})
