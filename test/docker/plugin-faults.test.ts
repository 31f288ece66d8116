// What becomes of networks of the driver when something under them ends: the engine, Open vSwitch, the database, the store.
import { strict as assert } from 'node:assert'
import { rmSync } from 'node:fs'
import { execa } from 'execa'
import { addressOf } from '../support/docker-cli.ts'
import { listed } from '../support/attachments.ts'
import { container } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { killEngine, killOvs, restartOvs, silent, startEngine, startOvs } from '../support/engine.ts'
import { pairs } from '../support/pairs.ts'
import { json, ok } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const isRunning = (name: string): boolean =>
  tool('docker', 'inspect', '--format={{.State.Running}}', name).trim() === 'true'

/** A call has 12 seconds, and its answer comes after 15. */
const TOLD_MS = 14_000

describe('networks of the driver', function () {
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
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue')
  })
  afterEach(() => {
    tool('docker', 'network', 'rm', 'blue')
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), untouched)
  })

  it('are there when the engine was killed: what is to restart comes back, and nothing else is left', async () => {
    using a = container('--network=blue', '--restart=always')
    using b = container('--network=blue')
    await killEngine()
    startEngine()
    await until(() => isRunning(a.name), 'the container to be started again', 30)
    assert.ok(reaches(a.name, '10.9.0.1'))
    await until(() => pairs().length === 1, 'one pair to be left', 30)
    tool('docker', 'start', b.name)
    assert.ok(reaches(b.name, addressOf(a.name)))
    assert.deepEqual(
      listed().map(({ network }) => network.length),
      [12, 12],
    )
  })

  it('work again when Open vSwitch was killed', async () => {
    logs.except(/database\.lost/)
    using a = container('--network=blue')
    using b = container('--network=blue')
    await restartOvs()
    await until(() => reaches(a.name, addressOf(b.name)), 'traffic', 30)
    using c = container('--network=blue')
    assert.ok(reaches(c.name, addressOf(b.name)))
    await until(() => reaches(c.name, '10.9.0.1'), 'the gateway', 30)
  })

  it('come back from the store when the database was emptied; containers that start then are in them', async () => {
    logs.except(/database\.lost/)
    {
      using _a = container('--network=blue')
    }
    await restartOvs({ emptied: true })
    await driver.sees({ event: 'upkeep.mended', msg: /had lost it/ }, { seconds: 30 })
    const { networks } = json('net', 'ls') as { networks: readonly { readonly owner: string }[] }
    assert.deepEqual(
      networks.map(({ owner }) => owner),
      ['plugin'],
    )
    using b = container('--network=blue')
    await until(() => reaches(b.name, '10.9.0.1'), 'the gateway', 30)
  })

  it('live on without the store and without the driver', async () => {
    using a = container('--network=blue')
    await driver.stop()
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
    assert.ok(reaches(a.name, '10.9.0.1'))
    driver = await plugin()
    using b = container('--network=blue')
    assert.ok(reaches(b.name, addressOf(a.name)))
  })

  it('are completed by the driver when somebody takes a part of them away', async () => {
    using a = container('--network=blue')
    const from = driver.lines.length
    tool('ip', 'address', 'flush', 'dev', 'ovsbr0')
    // Nobody tells of an address that went: the next look finds it, which any change of a network brings. (The driver may be at one now.)
    ok('net', 'create', 'other', '--bridge=bt0', '--mode=l2')
    ok('net', 'rm', 'other')
    await driver.sees({ event: 'upkeep.mended', msg: /10\.9\.0\.1/ }, { from, seconds: 30 })
    assert.ok(reaches(a.name, '10.9.0.1'))
  })

  it('are not made while the database is away, and Docker is told so', async () => {
    logs.except(/database\.lost/, /call\.failed|Handler for POST/)
    await killOvs()
    try {
      const { stderr, exitCode } = await execa(
        'docker',
        ['run', '--rm', '--network=blue', 'busybox', '/bin/busybox', 'true'],
        {
          reject: false,
        },
      )
      assert.notEqual(exitCode, 0)
      assert.match(stderr, /database does not answer/)
    } finally {
      startOvs()
    }
    await until(() => pairs().length === 0, 'nothing to be left', 20)
    ok('net', 'ls')
    using a = container('--network=blue')
    await until(() => reaches(a.name, '10.9.0.1'), 'the gateway', 30)
  })

  it('have no container while ovs-vswitchd hangs: Docker is told so in time, and nothing is left', async () => {
    logs.except(/call\.failed|Handler for POST/, /ovs-vswitchd/)
    using a = container('--network=blue')
    const ports = () => tool('ovs-vsctl', '--no-wait', 'list-ports', 'ovsbr0')
    const before = ports()
    const from = driver.lines.length
    {
      using _daemon = silent('ovs-vswitchd')
      const since = performance.now()
      const { stderr, exitCode } = await execa(
        'docker',
        ['run', '--name=late', '--network=blue', 'busybox', '/bin/busybox', 'true'],
        { reject: false },
      )
      const took = performance.now() - since
      assert.notEqual(exitCode, 0)
      assert.match(stderr, /ovs-vswitchd/)
      assert.ok(took < TOLD_MS, `${String(took)} ms`)
      assert.equal(ports(), before)
      assert.deepEqual(pairs(), [listed()[0]?.port])
    }
    assert.deepEqual(
      driver.all('call.failed', from).map(({ call }) => call),
      ['NetworkDriver.CreateEndpoint'],
    )
    tool('docker', 'rm', 'late')
    assert.ok(reaches(a.name, '10.9.0.1'))
    using b = container('--network=blue')
    assert.ok(reaches(b.name, addressOf(a.name)))
  })
})
