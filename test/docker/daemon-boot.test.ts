// Who is first: dockerd starts the containers of its networks before it answers anybody, and needs their driver for that.
import { strict as assert } from 'node:assert'
import { readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { activated } from '../support/activation.ts'
import { container, type TestContainer } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { killEngine, startEngine, startingEngine } from '../support/engine.ts'
import { pairs } from '../support/pairs.ts'
import { ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { daemon, type Watcher } from '../support/watch.ts'

const isRunning = ({ name }: TestContainer): boolean =>
  tool('docker', 'inspect', '--format={{.State.Running}}', name).trim() === 'true'

describe('dockerd starts', function () {
  this.timeout(300_000)
  let both: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(() => {
    untouched = snapshot()
  })
  beforeEach(async () => {
    both = await daemon()
    tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue')
  })
  afterEach(async () => {
    tool('docker', 'network', 'rm', 'blue')
    await both[Symbol.asyncDispose]()
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), untouched)
    assert.equal(ovsd(['watch', '--dry-run']).stdout, '# nothing to do\n')
  })
  const logs = holdsThroughout(() => both)
  const restless = (): TestContainer =>
    container('--network=blue', '--restart=always', '--label=ovs.ip_address=10.3.0.2/24')

  it('before the daemon, at a socket that a service manager has opened: its first call waits, and is answered', async () => {
    using a = restless()
    await until(() => pairs().length === 2, 'both interfaces', 20)
    await both.stop()
    await killEngine()
    both = await daemon([], {}, { program: activated(3), first: 'manager.listens' })
    await startingEngine()
    assert.equal(both.lines[1]?.event, 'manager.called')
    await both.sees({ event: 'daemon.started', msg: /at the socket that the service manager opened/ })
    await until(() => isRunning(a), 'the container to be started again', 30)
    await until(() => reaches(a.name, '10.9.0.1'), 'the gateway', 20)
    await until(() => pairs().length === 2, 'both interfaces', 20)
    assert.deepEqual(both.all('call.failed'), [])
    // It was not made by the program, and is not taken away by it.
    await both.stop()
    assert.ok(readdirSync('/run/docker/plugins').includes('ovsd.sock'))
    both = await daemon()
  })

  it('ten seconds before the daemon: it waits for it, and starts its containers', async () => {
    using a = restless()
    await both.stop()
    await killEngine()
    const started = startingEngine()
    await pause(10_000)
    both = await daemon()
    await started
    await until(() => isRunning(a), 'the container to be started again', 60)
    await until(() => reaches(a.name, '10.9.0.1'), 'the gateway', 20)
    await until(() => pairs().length === 2, 'both interfaces', 20)
  })

  it('without the driver: its containers stay stopped, with the reason, until somebody starts them', async () => {
    logs.except(/Unable to connect to plugin/, /error locating sandbox id|failed to start container/)
    using a = restless()
    await both.stop('SIGKILL')
    await killEngine()
    startEngine()
    assert.ok(!isRunning(a))
    assert.match(tool('docker', 'inspect', '--format={{.State.Error}}', a.name), /ovsd|driver|plugin/)
    both = await daemon()
    // dockerd does not try again by itself.
    await pause(5000)
    assert.ok(!isRunning(a))
    tool('docker', 'start', a.name)
    assert.ok(reaches(a.name, '10.9.0.1'))
    await until(() => pairs().length === 2, 'both interfaces', 20)
  })
})
