// `ovsd daemon`: what labels ask for and what Docker asks for, by one process; and what becomes of both when it, or the engine, ends.
import { strict as assert } from 'node:assert'
import { existsSync, writeFileSync } from 'node:fs'
import { SOCKET } from '../../src/lib/plugin/socket.ts'
import { listed } from '../support/attachments.ts'
import { addressOf } from '../support/docker-cli.ts'
import { container, type TestContainer } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { killEngine, startEngine } from '../support/engine.ts'
import { labelled } from '../support/labelled.ts'
import { pairs } from '../support/pairs.ts'
import { json, ovsd } from '../support/ovsd.ts'
import { pinging } from '../support/pinging.ts'
import { callDriver, dockerId, endpointCall } from '../support/plugin-call.ts'
import { snapshot } from '../support/snapshot.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { daemon, type Watcher } from '../support/watch.ts'

const BRIDGE = '--bridge=bd0'
const isRunning = ({ name }: TestContainer): boolean =>
  tool('docker', 'inspect', '--format={{.State.Running}}', name).trim() === 'true'
/** Whose ports there are, and that nothing is the matter with any of them. */
const sound = (...containers: readonly TestContainer[]): boolean => {
  const ports = listed()
  const names = ports.map(({ container: name }) => name).sort()
  return (
    JSON.stringify(names) === JSON.stringify(containers.map(({ name }) => name).sort()) &&
    ports.every(({ state }) => state === 'ok')
  )
}
const inPlace = async (...containers: readonly TestContainer[]): Promise<void> => {
  try {
    await until(() => sound(...containers), 'ports', 60)
  } catch {
    assert.deepEqual(
      listed().map(({ container: name, state, reason }) => [name, state, reason]),
      containers.map(({ name }) => [name, 'ok', '']),
    )
  }
}
const blue = (): Disposable => {
  tool('docker', 'network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue')
  return { [Symbol.dispose]: () => void tool('docker', 'network', 'rm', 'blue') }
}

describe('ovsd daemon', function () {
  this.timeout(240_000)
  let both: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(async () => {
    tool('ovs-vsctl', 'add-br', 'bd0', '--', 'set', 'Bridge', 'bd0', 'datapath_type=netdev')
    untouched = snapshot()
    both = await daemon([BRIDGE])
  })
  after(async () => {
    await both[Symbol.asyncDispose]()
    tool('ovs-vsctl', 'del-br', 'bd0')
  })
  const logs = holdsThroughout(() => both)
  afterEach(async () => {
    await until(() => pairs().length === 0, 'every pair to go', 30)
    assert.deepEqual(snapshot(), untouched)
    assert.equal(ovsd(['watch', BRIDGE, '--dry-run']).stdout, '# nothing to do\n')
    assert.deepEqual(json('gc', '--dry-run'), { dryRun: true, commands: [] })
  })

  it('attaches what labels ask for, and what Docker asks for', async () => {
    using _net = blue()
    using a = container('--network=blue')
    using b = container('--network=blue', '--label=ovs.ip_address=10.3.0.1/24')
    using c = labelled('10.3.0.2/24')
    await inPlace(a, b, b, c)
    assert.ok(reaches(a.name, addressOf(b.name)))
    assert.ok(reaches(c.name, '10.3.0.1'))
    assert.deepEqual(
      listed()
        .map(({ owner }) => owner)
        .sort(),
      ['ovsd plugin', 'ovsd plugin', 'ovsd watch', 'ovsd watch'],
    )
  })

  it('is the only one of both its kinds on the host, at whatever socket', async () => {
    for (const words of [
      ['watch'],
      ['watch', '--once'],
      ['daemon'],
      ['daemon', '--socket=/run/docker/plugins/two.sock'],
      ['plugin'],
      ['plugin', '--socket=/run/docker/plugins/two.sock'],
    ]) {
      const { status, stderr } = ovsd([...words, ...(words[0] === 'plugin' ? [] : [BRIDGE])])
      assert.equal(status, 1)
      assert.match(stderr, new RegExp(`already runs on this host, as process ${both.pid}\\.`))
    }
    assert.ok(!existsSync('/run/docker/plugins/two.sock'))
    assert.equal(ovsd(['daemon', '--dry-run', BRIDGE]).stdout, '# nothing to do\n')
    assert.equal((await callDriver('GetCapabilities', {})).status, 200)
  })

  it('takes the log level that other drivers are told, where it is told none itself', () => {
    const look = (env: Readonly<Record<string, string>>) => ovsd(['daemon', '--dry-run', BRIDGE], env).status
    assert.equal(look({ PLUGIN_LOG_LEVEL: 'loud' }), 2)
    assert.equal(look({ PLUGIN_LOG_LEVEL: 'loud', OVSD_LOG_LEVEL: 'info' }), 0)
    assert.equal(look({ PLUGIN_LOG_LEVEL: 'debug', OVSD_LOG_LEVEL: '' }), 0)
    // The variable is named, not an option that nobody gave; what watch goes by counts before it, the file as well.
    assert.match(ovsd(['daemon', '--dry-run', BRIDGE], { PLUGIN_LOG_LEVEL: 'loud' }).stderr, /PLUGIN_LOG_LEVEL/)
    assert.equal(look({ PLUGIN_LOG_LEVEL: 'loud', LOG_LEVEL: 'info' }), 0)
    using folder = temporaryFolder()
    const config = `${folder.path}/ovsd.yaml`
    writeFileSync(config, 'log_level: error\n', { mode: 0o600 })
    const said = (env: Readonly<Record<string, string>>, ...options: readonly string[]): string =>
      ovsd(['daemon', '--dry-run', BRIDGE, ...options], env).stderr
    assert.equal(said({ PLUGIN_LOG_LEVEL: 'debug' }, `--config=${config}`), '')
    writeFileSync(config, 'bridge: br1\n')
    for (const env of [{ PLUGIN_LOG_LEVEL: 'debug' }, { DEBUG: '1' }])
      assert.match(said(env, `--config=${config}`), /"event":"settings\.loaded"/)
    assert.equal(said({}, `--config=${config}`), '')
  })

  it('killed and started again goes on where it was; what came meanwhile is attached, and no packet is lost', async () => {
    using _net = blue()
    using a = container('--network=blue')
    using b = container('--network=blue', '--ip=10.9.0.20')
    using c = labelled('10.3.0.2/24')
    await inPlace(a, b, c)
    await using traffic = await pinging(a.name, '10.9.0.20')
    await both.stop('SIGKILL')
    assert.ok(existsSync(SOCKET), 'a socket file that nobody listens at')
    using d = labelled('10.3.0.3/24')
    tool('docker', 'kill', c.name)
    both = await daemon([BRIDGE])
    using e = container('--network=blue')
    await inPlace(a, b, d, e)
    const { sent, lost } = await traffic.stop()
    assert.ok(sent > 25, `only ${sent} were sent`)
    assert.equal(lost, 0, `${lost} of ${sent}`)
    assert.ok(reaches(e.name, '10.9.0.20'))
  })

  it('reads its policy again by SIGHUP; Docker is served all the while', async () => {
    await both.stop()
    using folder = temporaryFolder()
    const policy = `${folder.path}/policy.yaml`
    const allow = (bridge: string): void => {
      // With the bridge of networks of Docker, which the same file is about.
      writeFileSync(policy, `bridges: [${bridge}, ovsbr0]\n`, { mode: 0o600 })
    }
    allow('other')
    try {
      both = await daemon([BRIDGE, `--policy=${policy}`])
      using _net = blue()
      using a = labelled('10.3.0.2/24')
      await both.sees({ event: 'port.refused', container: a.name })
      allow('bd0')
      await both.after(() => {
        both.signal('SIGHUP')
      }, 'policy.loaded')
      using b = container('--network=blue')
      await inPlace(a, b)
      writeFileSync(policy, 'allow: 7\n')
      await both.after(() => {
        both.signal('SIGHUP')
      }, 'policy.kept')
      assert.ok(sound(a, b))
    } finally {
      await both.stop()
      both = await daemon([BRIDGE])
    }
  })

  it('ends by SIGTERM when the calls that came are answered', async () => {
    using net = blue()
    assert.ok(net)
    const id = tool('docker', 'network', 'inspect', '--format={{.Id}}', 'blue').trim()
    const calls = ['7', '8', '9'].map((digit) =>
      callDriver('CreateEndpoint', endpointCall(id, dockerId(digit), `10.9.0.9${digit}/24`)),
    )
    await until(() => pairs().length > 0, 'the first one to be at work', 10, { closely: true })
    assert.equal(await both.stop(), 0)
    assert.deepEqual(
      (await Promise.all(calls)).map(({ status }) => status),
      [200, 200, 200],
    )
    assert.ok(!existsSync(SOCKET))
    both = await daemon([BRIDGE])
    for (const digit of ['7', '8', '9'])
      await callDriver('DeleteEndpoint', { NetworkID: id, EndpointID: dockerId(digit) })
  })

  it('serves Docker before there is an engine, and follows it when there is one', async () => {
    logs.except(/engine\.lost/)
    using _net = blue()
    const id = tool('docker', 'network', 'inspect', '--format={{.Id}}', 'blue').trim()
    using a = container('--restart=always', '--label=ovs.ip_address=10.3.0.2/24')
    await inPlace(a)
    await both.stop()
    await killEngine()
    try {
      both = await daemon([BRIDGE])
      await both.sees('engine.lost')
      const name = { NetworkID: id, EndpointID: dockerId('7') }
      assert.equal((await callDriver('CreateEndpoint', endpointCall(id, dockerId('7'), '10.9.0.97/24'))).status, 200)
      assert.equal((await callDriver('Join', { ...name, SandboxKey: '/none' })).status, 200)
      assert.equal((await callDriver('DeleteEndpoint', name)).status, 200)
    } finally {
      startEngine()
    }
    await both.sees('engine.back', { seconds: 30 })
    await inPlace(a)
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const)
    it(`goes on over ${signal} of the engine: what is to restart comes back whole, and nothing else is left`, async () => {
      logs.except(/engine\.lost/)
      using _net = blue()
      using a = container('--network=blue', '--restart=always')
      using b = container('--network=blue', '--restart=always', '--label=ovs.ip_address=10.3.0.1/24')
      using c = container('--network=blue')
      using d = container('--restart=always', '--label=ovs.ip_address=10.3.0.2/24')
      await inPlace(a, b, b, c, d)
      await killEngine(signal)
      startEngine()
      await until(() => [a, b, d].every(isRunning), 'the containers to be started again', 60)
      await inPlace(a, b, b, d)
      assert.ok(reaches(a.name, addressOf(b.name)))
      assert.ok(reaches(d.name, '10.3.0.1'))
      assert.ok(!isRunning(c))
      assert.deepEqual(
        both.all('call.failed').map(({ msg }) => msg),
        [],
      )
    })
})
