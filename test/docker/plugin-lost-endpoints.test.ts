// Ports of running containers that somebody deletes, or that are lost with the database: the driver puts them back.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { openHost } from '../../src/lib/host.ts'
import { LostEndpoints } from '../../src/lib/plugin/lost-endpoints.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { answers as serving, asks } from '../support/asking.ts'
import { listed } from '../support/attachments.ts'
import { container, netnsOf, pidOf, type TestContainer } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { restartOvs } from '../support/engine.ts'
import { NO_POLICING } from '../support/invariants.ts'
import { pairs } from '../support/pairs.ts'
import { ok } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const HERE = `/proc/${String(process.pid)}/ns/net`
const endpointOf = ({ id }: TestContainer): string =>
  tool('docker', 'inspect', '--format={{range .NetworkSettings.Networks}}{{.EndpointID}}{{end}}', id).trim()
const find = (...columns: readonly string[]): string => tool('ovs-vsctl', '--bare', ...columns).trim()
const portOf = (one: TestContainer): string =>
  find('--columns=name', 'find', 'Interface', `external_ids:ovsd_endpoint=${endpointOf(one)}`)
/** All that a port says of itself. */
const rowOf = (port: string): readonly string[] => [
  find('get', 'Interface', port, 'external_ids', 'ingress_policing_rate'),
  find('get', 'Port', port, 'tag', 'vlan_mode'),
  tool('ovs-vsctl', 'port-to-br', port).trim(),
]
const isKnown = ({ name }: TestContainer): boolean => listed().some((one) => one.container === name)
const isBack = (port: string) => () => find('--columns=name', 'find', 'Interface', `name=${port}`) === port

describe('ports of running containers in networks of the driver', function () {
  this.timeout(240_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
  })
  const logs = holdsThroughout(() => driver)
  beforeEach(() => {
    tool(
      'docker',
      'network',
      'create',
      '--driver=ovsd',
      '--subnet=10.9.0.0/24',
      '--ipv6',
      '--subnet=fd09::/64',
      '--opt=vlan=7',
      'blue',
    )
  })
  afterEach(() => {
    tool('docker', 'network', 'rm', 'blue')
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), untouched)
  })

  it('come back at once, as they were, when somebody deletes them; what Docker deletes does not', async () => {
    logs.except(NO_POLICING)
    using a = container('--network=blue', '--ip=10.9.0.20', '--publish=8080:80')
    using b = container('--network=blue')
    await using _web = await serving(netnsOf(a.name), 'web', 80)
    await until(() => isKnown(a) && isKnown(b), 'whose ports they are', 20)
    tool('ovs-vsctl', 'set', 'Interface', portOf(a), 'external_ids:note=mine', 'ingress_policing_rate=10000')
    const [port, other] = [portOf(a), portOf(b)]
    const [was, links] = [rowOf(port), pairs()]
    assert.ok(answers(b.name, '10.9.0.20'))
    const told = await driver.after(() => tool('ovs-vsctl', 'del-port', port), 'upkeep.mended')
    assert.match(told.msg, new RegExp(`mended port ${port} of ${a.name} in blue: put back: somebody deleted it`))
    await driver.sees({ event: 'upkeep.mended', msg: /published again: 8080->80\/tcp/ })
    assert.deepEqual(rowOf(port), was)
    assert.ok(answers(b.name, '10.9.0.20'))
    assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'web 10.9.0.1')
    assert.deepEqual(pairs(), links)

    // gc in between leaves what the container has; both at once, and one without a MAC of its own asking.
    const from = driver.lines.length
    for (const one of [port, other]) tool('ovs-vsctl', 'del-port', one)
    ok('gc')
    for (const one of [port, other]) await until(isBack(one), `${one} to be put back`)
    assert.ok(answers(b.name, '10.9.0.20'))
    assert.ok(answers(a.name, '10.9.0.1'))
    await driver.sees({ event: 'upkeep.mended', msg: /published again/ }, { from })

    // Docker takes its endpoint away: nothing is put back, neither now nor at the next look.
    const seen = await driver.during(2, () => {
      tool('docker', 'stop', '-t', '0', a.name)
      tool('docker', 'network', 'disconnect', 'blue', b.name)
    })
    assert.deepEqual(
      seen.filter(({ event }) => event.startsWith('upkeep.')),
      [],
    )
    assert.deepEqual(pairs(), [])
  })

  it('come back with their network when the database was emptied while the driver ran', async () => {
    logs.except(/database\.lost/)
    using a = container('--network=blue', '--publish=8080:80')
    using b = container('--network=blue', '--ip=10.9.0.20')
    await using _web = await serving(netnsOf(a.name), 'web', 80)
    await until(() => isKnown(a) && isKnown(b), 'whose ports they are', 20)
    const ports = [portOf(a), portOf(b)]
    const was = ports.map(rowOf)
    await restartOvs({ emptied: true })
    for (const port of ports)
      await driver.sees({ about: new RegExp(port), what: ['put back: the database had lost it'] }, { seconds: 30 })
    await until(() => answers(a.name, '10.9.0.20', 1), 'traffic', 20)
    await until(() => asks(HERE, 'tcp', '127.0.0.1', 8080) === 'web 10.9.0.1', 'the published port', 20)
    assert.deepEqual(ports.map(rowOf), was)
  })

  it('come back as Docker knows them when that was while it did not run; stopped containers do not', async () => {
    logs.except(/Unable to connect to plugin/)
    using a = container('--network=blue', '--publish=8080:80')
    using b = container('--network=blue', '--ip=10.9.0.20')
    using c = container('--network=blue')
    await using _web = await serving(netnsOf(a.name), 'web', 80)
    await until(() => [a, b, c].every(isKnown), 'whose ports they are', 20)
    const ports = [portOf(a), portOf(b)]
    const [was, gone] = [ports.map(rowOf), portOf(c)]
    await driver.stop()
    await restartOvs({ emptied: true })
    // `docker kill` would wait for the driver.
    process.kill(pidOf(c.name), 'SIGKILL')
    driver = await plugin()
    for (const port of ports)
      await driver.sees({ about: new RegExp(port), what: /put back as Docker knows it/ }, { seconds: 30 })
    await until(() => isKnown(a) && isKnown(b), 'whose ports they are again', 20)
    await until(() => answers(a.name, '10.9.0.20', 1), 'traffic', 20)
    await until(() => asks(HERE, 'tcp', '127.0.0.1', 8080) === 'web 10.9.0.1', 'the published port', 20)
    assert.deepEqual(ports.map(rowOf), was)
    await until(() => pairs().length === 2, 'the endpoint of the stopped container to be gone', 30)
    assert.ok(!isBack(gone)())
    assert.equal(listed().length, 2)
  })

  it('owe what is published until it is seen to be, also when setting the mark has failed', async () => {
    logs.except(/Unable to connect to plugin/)
    using a = container('--network=blue', '--publish=8080:80')
    await until(() => isKnown(a), 'whose port it is', 20)
    await driver.stop()
    using host = openHost()
    const name = portOf(a)
    const seen = async () => {
      const [where] = await host.ovs.locate((await host.ovs.interfaces([{ name }])).flat())
      return where ?? assert.fail(`${name} is gone`)
    }
    const { signal } = new AbortController()
    const lost = new LostEndpoints({ isDoomed: () => false })
    const due = async (what: string) => (await lost.chore(host, signal)).find(({ about }) => about.startsWith(what))
    const planned = async (what: string) => {
      const plan = await (await due(what))?.plan(signal)
      return plan ?? assert.fail(`no plan for the ${what}`)
    }
    try {
      const before = await seen()
      tool('ovs-vsctl', 'del-port', name)
      lost.changed({ interfaces: [{ before, after: undefined }] })
      await runPlan(await planned('port'), signal, nobody)
      const published = await planned('published ports')
      // Its time is over before it begins.
      await assert.rejects(runPlan(published, AbortSignal.abort(), nobody))
      assert.ok(await due('published ports'), 'forgotten')
      await runPlan(await planned('published ports'), signal, nobody)
      lost.changed({ interfaces: [{ before: undefined, after: await seen() }] })
      assert.equal(await due('published ports'), undefined)
    } finally {
      driver = await plugin()
    }
    await using _web = await serving(netnsOf(a.name), 'web', 80)
    assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'web 10.9.0.1')
  })

  it('do not come back with a network that is removed', async () => {
    using a = container('--network=blue')
    await until(() => isKnown(a), 'whose port it is', 20)
    const port = portOf(a)
    const record = `ovsd_net.${tool('docker', 'network', 'inspect', '--format={{.Id}}', 'blue').slice(0, 12)}`
    const said = find('get', 'Bridge', 'ovsbr0', `external_ids:${record}`)
    await driver.stop()
    tool('ovs-vsctl', 'del-port', port, '--', 'remove', 'Bridge', 'ovsbr0', 'external_ids', record)
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
    driver = await plugin()
    await pause(2000)
    ok('gc')
    assert.deepEqual([isBack(port)(), pairs()], [false, [port]])
    // With its record it is a network again, and the port comes back.
    tool('ovs-vsctl', 'set', 'Bridge', 'ovsbr0', `external_ids:${record}=${said}`)
    await until(isBack(port), 'the port to be put back')
  })
})
