// Networks that Docker removed while the driver was away: it only logs that the driver was not told.
import { strict as assert } from 'node:assert'
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs'
import { execa } from 'execa'
import { openHost, type Host } from '../../src/lib/host.ts'
import { forgottenNetworks } from '../../src/lib/plugin/forgotten-networks.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { takeLock } from '../../src/lib/system/lock.ts'
import { ownStore } from '../../src/lib/state/own-store.ts'
import { container } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { json, ok } from '../support/ovsd.ts'
import { called, dockerId, endpointCall, networkCall } from '../support/plugin-call.ts'
import { testStore } from '../support/state.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const create = (name: string, subnet: string): string =>
  tool('docker', 'network', 'create', '--driver=ovsd', `--subnet=${subnet}`, name).trim()
const docker = (...args: readonly string[]) => execa('docker', args, { reject: false })
const short = (id: string): string => id.slice(0, 12)
/** What the bridge has beside the record of a network. */
const mark = (key: string, id: string): string =>
  tool('ovs-vsctl', '--if-exists', 'get', 'Bridge', 'ovsbr0', `external_ids:${key}.${short(id)}`)
    .trim()
    .replaceAll('"', '')
const networks = (): readonly string[] =>
  (json('net', 'ls') as { networks: readonly { readonly network: string }[] }).networks.map(({ network }) => network)
/** Whether the store has a copy of a network: its own id is Docker's. */
const isKept = (id: string): boolean => existsSync(ownStore().pathOf({ kind: 'networks', id }))

describe('networks that Docker has forgotten', function () {
  this.timeout(240_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  const store = ownStore()
  const { signal } = new AbortController()
  /** What is to be removed, after so many looks. */
  const due = async (host: Host, looks = 3) => {
    const chore = forgottenNetworks(store, 0)
    for (let look = 1; look < looks; look++)
      assert.deepEqual(await chore(host, signal), [], `something is removed at look ${look}`)
    return await chore(host, signal)
  }
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
    assert.deepEqual(snapshot(), untouched)
  })
  const logs = holdsThroughout(() => driver)

  it('go, when the engine that made them has them no more; what it says to be in the way names the way out', async () => {
    logs.except(/call\.failed|Handler for POST/, /Unable to connect to plugin/, /driver error deleting network/)
    const [blue, unknown, used, idle] = [
      create('blue', '10.9.0.0/24'),
      create('unknown', '10.6.0.0/24'),
      create('used', '10.8.0.0/24'),
      create('idle', '10.7.0.0/24'),
    ]
    using a = container('--network=used')
    const engine = tool('docker', 'info', '--format={{.ID}}').trim()
    assert.notEqual(engine, '')
    const all = [blue, unknown, used, idle]
    await until(() => all.every((id) => mark('ovsd_engine', id) === engine), 'the engine of the networks', 30)
    assert.equal(mark('ovsd_title', blue), 'blue')
    using host = openHost()
    assert.deepEqual(await due(host), [], 'Docker has them all')

    await driver.stop('SIGKILL')
    const gone = await Promise.all([docker('network', 'rm', 'blue'), docker('network', 'rm', 'unknown')])
    assert.deepEqual(
      gone.map(({ exitCode }) => exitCode),
      [0, 0],
    )
    for (const key of ['ovsd_title', 'ovsd_engine'])
      tool('ovs-vsctl', 'remove', 'Bridge', 'ovsbr0', 'external_ids', `${key}.${short(unknown)}`)
    driver = await plugin()
    assert.deepEqual([...networks()].sort(), all.map(short).sort())

    const refused = await docker('network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue')
    const said = `The network blue \\(${short(blue)}\\) has addresses of 10\\.9\\.0\\.0/24 already[\\s\\S]*ovsd net rm ${short(blue)} --force`
    assert.match(refused.stderr, new RegExp(said))
    const vlan = String((json('net', 'inspect', short(unknown)) as { readonly vlan: unknown }).vlan)
    const tagged = await docker('network', 'create', '-d', 'ovsd', '--subnet=10.5.0.0/24', `--opt=vlan=${vlan}`, 'red')
    assert.match(
      tagged.stderr,
      new RegExp(`is the network ${short(unknown)}\\.[\\s\\S]*ovsd net rm ${short(unknown)} --force`),
    )

    // Another engine may share this database, and one that does not answer may have anything.
    using elsewhere = openHost({ docker: 'unix:///run/nobody.sock' })
    assert.deepEqual(await due(elsewhere), [])
    tool('ovs-vsctl', 'set', 'Bridge', 'ovsbr0', `external_ids:ovsd_engine.${short(blue)}=another`)
    assert.deepEqual(await due(host), [])
    tool('ovs-vsctl', 'set', 'Bridge', 'ovsbr0', `external_ids:ovsd_engine.${short(blue)}="${engine}"`)
    const endpoint = '7'.repeat(64)
    await called('CreateEndpoint', endpointCall(blue, endpoint, '10.9.0.99/24'))
    assert.deepEqual(await due(host), [])
    await called('DeleteEndpoint', { NetworkID: blue, EndpointID: endpoint })

    assert.deepEqual(all.map(isKept), [true, true, true, true])
    const dues = await due(host)
    assert.deepEqual(
      dues.map(({ about, why }) => [about, ...why]),
      [['network blue', `removed network blue (${short(blue)}): Docker has it no more`]],
    )
    const plan = await dues[0]?.plan(signal)
    assert.ok(plan)
    await runPlan(plan, signal, nobody)
    assert.deepEqual([...networks()].sort(), [unknown, used, idle].map(short).sort())
    assert.equal(await dues[0]?.plan(signal), undefined)
    assert.ok(reaches(a.name, '10.8.0.1'))
    // Nobody knows whose it was: people say so.
    ok('net', 'rm', short(unknown), '--force')
    assert.deepEqual(all.map(isKept), [false, false, true, true])
    create('blue', '10.9.0.0/24')
    create('unknown', '10.6.0.0/24')
    using b = container('--network=blue')
    assert.ok(reaches(b.name, '10.9.0.1'))
    for (const id of [blue, unknown]) for (const key of ['ovsd_title', 'ovsd_engine']) assert.equal(mark(key, id), '')
    tool('docker', 'rm', '--force', a.name, b.name)
    tool('docker', 'network', 'rm', 'blue', 'unknown', 'used', 'idle')
  })

  it('go as well when an older copy of the store has brought them back', async () => {
    logs.except(/Unable to connect to plugin/)
    const red = create('red', '10.8.0.0/24')
    const copy = store.pathOf({ kind: 'networks', id: red })
    await until(
      () => isKept(red) && readFileSync(copy, 'utf8').includes('"engine":'),
      'its copy to name the engine',
      30,
    )
    const { folder } = store.settings
    cpSync(folder, `${folder}-older`, { recursive: true })
    tool('docker', 'network', 'rm', 'red')
    assert.deepEqual(networks(), [])
    await driver.stop()
    rmSync(folder, { recursive: true })
    cpSync(`${folder}-older`, folder, { recursive: true })
    rmSync(`${folder}-older`, { recursive: true })
    driver = await plugin()
    await until(() => networks().includes(short(red)), 'the older store to bring it back', 30)
    assert.equal(mark('ovsd_title', red), 'red')

    using host = openHost()
    const dues = await due(host)
    assert.deepEqual(
      dues.map(({ about }) => about),
      ['network red'],
    )
    // As upkeep does: the driver may be making its parts.
    const lock = await takeLock(signal)
    try {
      const plan = await dues[0]?.plan(signal)
      assert.ok(plan)
      await runPlan(plan, signal, nobody)
    } finally {
      lock.release()
    }
    assert.deepEqual([networks(), isKept(red)], [[], false])
    create('red', '10.8.0.0/24')
    tool('docker', 'network', 'rm', 'red')
  })

  it('do not come back from the store of the driver, when that is another one', async () => {
    await driver.stop()
    using other = testStore()
    driver = await plugin([`--state-dir=${other.folder}`])
    const id = dockerId('5')
    await called('CreateNetwork', networkCall(id, {}, '10.9.0'))
    const copy = other.of({ kind: 'networks', id })
    assert.ok(existsSync(copy))
    assert.match(ok('net', 'rm', short(id), '--force', '--dry-run'), /ovs-vsctl/)
    assert.ok(existsSync(copy))
    ok('net', 'rm', short(id), '--force')
    assert.ok(!existsSync(copy))
    // Whatever changes has it look.
    await called('CreateNetwork', networkCall(dockerId('6'), {}, '10.8.0'))
    await driver.during(3)
    assert.deepEqual(networks(), [short(dockerId('6'))])
    await called('DeleteNetwork', { NetworkID: dockerId('6') })
    await driver.stop()
    driver = await plugin()
  })
})
