// ovsd as a plugin that Docker manages itself: built from this machine, set, enabled, used, replaced and removed, with a real engine.
import { strict as assert } from 'node:assert'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { root } from '../../scripts/build/layout.ts'
import type { PluginState } from '../../src/lib/plugin/state.ts'
import { takeLock } from '../../src/lib/system/lock.ts'
import { listed } from '../support/attachments.ts'
import { container } from '../support/containers.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { killEngine, startEngine } from '../support/engine.ts'
import { errorOf, json, ovsd } from '../support/ovsd.ts'
import { pinging } from '../support/pinging.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin } from '../support/watch.ts'

const FOLDER = '/run/ovsd-plugin'
const docker = (...args: string[]): string => tool('docker', ...args).trim()
/** The same beside this process, which has to read what traffic says meanwhile. */
const beside = async (...args: string[]): Promise<unknown> => await execa('docker', args)
const state = (): PluginState => json('plugin', 'state') as PluginState
const pluginId = (): string => docker('plugin', 'inspect', '--format={{.Id}}', 'ovsd')

/** What the plugin has said, as dockerd writes it down. */
const said = (): string =>
  readFileSync('/var/log/docker.log', 'utf8')
    .split('\n')
    .filter((line) => / plugin=[0-9a-f]{64}/.test(line))
    .join('\n')

/** The folder of its store, as the host sees it. */
const store = (): string => `/var/lib/docker/plugins/${pluginId()}/propagated-mount`
const stored = (): readonly string[] =>
  readdirSync(store(), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'))

const called = (name: string): number =>
  state().driver?.calls.find(({ method }) => method === `NetworkDriver.${name}`)?.count ?? 0

describe('ovsd as a plugin that Docker manages', function () {
  this.timeout(120_000)
  let untouched: ReturnType<typeof snapshot>
  before(() => {
    assert.ok(existsSync(join(root, 'dist/ovsd')), 'what is packed is the executable: npm run build')
    untouched = snapshot()
  })
  after(async () => {
    await execa('docker', ['plugin', 'rm', '--force', 'ovsd'], { reject: false })
    rmSync(FOLDER, { recursive: true, force: true })
  })

  it('is built without a registry, takes settings, and serves as ovsd:latest', async () => {
    const { stdout } = await execa(process.execPath, [join(root, 'scripts/plugin-build.ts'), `--folder=${FOLDER}`])
    assert.match(stdout, /docker plugin create ovsd, after/)
    docker('plugin', 'set', 'ovsd', 'PLUGIN_LOG_LEVEL=debug', 'PLUGIN_RECOVERY_MODE=strict')
    docker('plugin', 'enable', 'ovsd')
    assert.equal(docker('plugin', 'ls', '--format={{.Name}} {{.Enabled}}'), 'ovsd:latest true')
    for (const words of [['plugin', '--socket=/run/docker/plugins/two.sock'], ['daemon']]) {
      const { code, message } = errorOf(ovsd([...words, '--json']))
      assert.equal(code, 'AlreadyRunning')
      assert.match(
        message,
        /ovsd plugin or daemon, or the managed plugin, already runs on this host, as process \d+\.$/,
      )
    }
    const served = /level=info msg="\S+ info +ovsd plugin \S+ serves Docker at unix:\/run\/docker\/plugins\/ovsd\.sock"/
    await until(() => served.test(said()), 'the plugin to say that it serves')
    // A nat network sets the host's forwarding, and writes rules.
    const id = docker('network', 'create', '--driver=ovsd:latest', '--subnet=10.9.0.0/24', '--opt=vlan=7', 'blue')
    assert.match(tool('nft', 'list', 'ruleset'), /10\.9\.0\.0\/24/)
    const debug = new RegExp(`debug NetworkDriver\\.CreateNetwork ${id.slice(0, 12)}: \\d+ ms: .*vlan`)
    await until(() => debug.test(said()), 'the call in the log')
    assert.deepEqual(stored(), [`networks/${id}.json`])
    assert.equal(statSync(store()).mode & 0o777, 0o700)
    // Who may not do it now, because an ovsd of the host is at work, waits: they share one lock.
    const lock = await takeLock(AbortSignal.timeout(5000))
    const red = execa('docker', ['network', 'create', '--driver=ovsd:latest', '--subnet=10.8.0.0/24', 'red'])
    await until(() => state().driver?.inFlight[0]?.method === 'NetworkDriver.CreateNetwork', 'the call to be at work')
    lock.release()
    await red
    docker('network', 'rm', 'red')
  })

  it('is disabled, enabled and replaced while containers go on; what it knows is kept', async () => {
    using a = container('--network=blue', '--ip=10.9.0.9', '--stop-timeout=0')
    using b = container('--network=blue', '--restart=always', '--stop-timeout=0')
    using c = container('--network=blue', '--stop-timeout=0')
    assert.ok(answers(b.name, '10.9.0.9') && answers(b.name, '10.9.0.1'))
    const names = (): readonly string[] => listed().map(({ container: name, state: how }) => `${name} ${how}`)
    const known = [a, b, c].map(({ name }) => `${name} ok`)
    await until(() => JSON.stringify(names()) === JSON.stringify(known), 'the containers to be known', 30)
    const { networks, endpoints } = state()
    const file = statSync(join(store(), stored()[0] ?? '')).ino
    assert.throws(() => docker('plugin', 'disable', 'ovsd'), /in use/)

    await using traffic = await pinging(b.name, '10.9.0.9')
    await beside('plugin', 'disable', '--force', 'ovsd')
    const off = ovsd(['plugin', 'state', '--json'])
    assert.equal(off.status, 1)
    const without = JSON.parse(off.stdout) as PluginState
    assert.deepEqual([without.driver, without.networks, without.endpoints], [null, networks, endpoints])
    const { stdout: diagnosis } = ovsd(['doctor', '--only=own.driver', '--json'])
    assert.match(diagnosis, /docker plugin enable ovsd:latest/)
    await beside('plugin', 'enable', 'ovsd')
    assert.deepEqual([state().networks, state().endpoints], [networks, endpoints])
    assert.equal(ovsd(['doctor', '--only=own.driver']).status, 0)
    assert.equal(statSync(join(store(), stored()[0] ?? '')).ino, file)
    // Copies of these mounts would keep namespaces of containers alive when they end.
    const mounts = readFileSync(`/proc/${String(state().driver?.pid)}/mountinfo`, 'utf8')
    assert.match(mounts, / \/host\/run /)
    assert.doesNotMatch(mounts, /\/netns\//)
    assert.match(readFileSync('/proc/self/mountinfo', 'utf8'), /\/run\/docker\/netns\//)
    await beside('restart', '--time=0', c.name)
    assert.equal(called('CreateEndpoint'), 1)

    // `docker plugin upgrade` takes the newer one from a registry. Without one: out with the old one, in with the newer one.
    const old = pluginId()
    await beside('plugin', 'disable', '--force', 'ovsd')
    const upgrade = ['plugin', 'upgrade', '--skip-remote-check', '--grant-all-permissions', 'ovsd', 'ovsd:latest']
    const { exitCode, stderr } = await execa('docker', upgrade, { reject: false })
    assert.notEqual(exitCode, 0)
    assert.match(stderr, /registry|dial|lookup/)
    assert.equal(pluginId(), old)
    await beside('plugin', 'enable', 'ovsd')
    assert.deepEqual(state().networks, networks)
    assert.ok(answers(a.name, '10.9.0.1'))
    await beside('plugin', 'disable', '--force', 'ovsd')
    await beside('plugin', 'rm', '--force', 'ovsd')
    const config = readFileSync(join(FOLDER, 'config.json'), 'utf8')
    writeFileSync(join(FOLDER, 'config.json'), config.replace('Open vSwitch networks', 'Newer networks'))
    await beside('plugin', 'create', 'ovsd', FOLDER)
    await beside('plugin', 'enable', 'ovsd')
    assert.match(docker('plugin', 'ls', '--format={{.Description}} {{.Enabled}}'), /^Newer networks, .* true$/)
    assert.notEqual(pluginId(), old)
    assert.deepEqual(state().networks, networks)
    await beside('restart', '--time=0', c.name)
    assert.ok(answers(c.name, '10.9.0.9'))
    const { sent, lost } = await traffic.stop()
    assert.ok(sent > 100 && lost === 0, `${String(lost)} of ${String(sent)} lost`)
    driverHolds()

    // Docker starts its plugins before its containers.
    await killEngine('SIGTERM')
    startEngine()
    await until(
      () => docker('inspect', '--format={{.State.Running}}', b.name) === 'true',
      'the container to be back',
      30,
    )
    assert.ok(answers(b.name, '10.9.0.1'))
    docker('start', a.name)
    assert.ok(answers(b.name, '10.9.0.9'))
  })

  it('does not come up beside a driver of the host, and does once that has ended', async () => {
    docker('plugin', 'disable', '--force', 'ovsd')
    const driver = await plugin()
    try {
      await assert.rejects(beside('plugin', 'enable', 'ovsd'))
    } finally {
      await driver.stop()
    }
    assert.match(said(), new RegExp(`already runs on this host, as process ${driver.pid}\\.`))
    await beside('plugin', 'enable', 'ovsd')
    assert.equal(docker('plugin', 'ls', '--format={{.Enabled}}'), 'true')
  })

  it('is uninstalled, and nothing is left', () => {
    docker('network', 'rm', 'blue')
    assert.deepEqual(state().endpoints, [])
    docker('plugin', 'disable', 'ovsd')
    docker('plugin', 'rm', 'ovsd')
    assert.equal(docker('plugin', 'ls', '--quiet'), '')
    assert.deepEqual(snapshot(), untouched)
  })

  it('names the setting that is wrong', () => {
    for (const [name, text] of [
      ['PLUGIN_DATA_DIR', '/a\nb'],
      ['PLUGIN_LOG_LEVEL', 'loud'],
      ['PLUGIN_STATE_BACKUP', 'maybe'],
      ['PLUGIN_RECOVERY_MODE', 'loose'],
    ] as const) {
      // As packaging/plugin/start asks.
      const ended = ovsd(['plugin', '--dry-run', '--json'], { [name]: text })
      assert.equal(ended.status, 2, name)
      const { code, message } = errorOf(ended)
      assert.deepEqual([code, message.startsWith(`${name}: `)], ['BadInput', true], message)
    }
  })
})
