// What becomes of containers that start while something is wrong with the driver: it hangs, dies, is late, or has forgotten.
import { strict as assert } from 'node:assert'
import { cpSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { execa } from 'execa'
import { addressOf } from '../support/docker-cli.ts'
import { container } from '../support/containers.ts'
import { BEHIND, driverProxy, type DriverProxy } from '../support/driver-proxy.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { pairs } from '../support/pairs.ts'
import { ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { reaches } from '../support/traffic.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const create = (name: string, subnet: string): string =>
  tool('docker', 'network', 'create', '--driver=ovsd', `--subnet=${subnet}`, name).trim()
const remove = (...names: readonly string[]): void => void tool('docker', 'network', 'rm', ...names)
/** Has Docker do something while the test goes on: it hears of calls itself. */
const docker = async (...args: readonly string[]): Promise<string> => (await execa('docker', args)).stdout.trim()
/** The store has a copy of every network again. */
const isWhole = () => until(() => ovsd(['state', 'check']).status === 0, 'the store to be whole', 30)
/** Starts a container beside the test. */
const starting = (name: string, network = 'blue') =>
  execa(
    'docker',
    ['run', '--detach', `--name=${name}`, `--network=${network}`, 'busybox', '/bin/busybox', 'sleep', '9999'],
    {
      reject: false,
    },
  )
const gone = (...names: readonly string[]) => execa('docker', ['rm', '--force', ...names], { reject: false })

describe('containers that start while the driver is at work for them', function () {
  this.timeout(240_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  let proxy: DriverProxy
  const started = () => plugin([`--socket=${BEHIND}`])
  before(async () => {
    untouched = snapshot()
    proxy = await driverProxy()
    driver = await started()
  })
  after(async () => {
    await driver[Symbol.asyncDispose]()
    await proxy[Symbol.asyncDispose]()
  })
  const logs = holdsThroughout(() => driver)
  beforeEach(() => docker('network', 'create', '--driver=ovsd', '--subnet=10.9.0.0/24', 'blue'))
  afterEach(async () => {
    await docker('network', 'rm', 'blue')
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), untouched)
  })

  for (const method of ['CreateEndpoint', 'Join']) {
    it(`while the driver hangs in ${method} wait for it, and Docker answers everybody else`, async () => {
      await starting('other')
      proxy.at(method, () => {
        driver.signal('SIGSTOP')
      })
      const run = starting('late')
      await until(() => proxy.calls.at(-1) === method, method, 20)
      await pause(3000)
      const since = performance.now()
      assert.match(tool('docker', 'ps', '--format={{.Names}}'), /other/)
      assert.ok(reaches('other', '10.9.0.1'))
      assert.ok(performance.now() - since < 10_000)
      driver.signal('SIGCONT')
      const { exitCode, stderr } = await run
      assert.equal(exitCode, 0, stderr)
      assert.ok(reaches('late', addressOf('other')))
      await gone('late', 'other')
    })

    it(`while the driver is killed in ${method} are told so, leave nothing, and can be started then`, async () => {
      logs.except(/Unable to connect to plugin/, /call\.failed|Handler for POST/)
      proxy.at(method, () => {
        driver.signal('SIGKILL')
      })
      const run = starting('late')
      await driver.ended
      driver = await started()
      const { exitCode, stderr } = await run
      // Docker says the same again, but without its body, which it has sent already.
      if (proxy.calls.includes(`${method} (empty)`)) assert.match(stderr, /the body is empty|body is empty/i)
      if (exitCode !== 0) {
        await docker('start', 'late')
      }
      assert.ok(reaches('late', '10.9.0.1'))
      await gone('late')
      await until(() => pairs().length === 0, 'no pair to be left', 150)
    })
  }
})

describe('containers that start', function () {
  this.timeout(180_000)
  let driver: Watcher
  let untouched: ReturnType<typeof snapshot>
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
  })
  after(() => driver[Symbol.asyncDispose]())
  holdsThroughout(() => driver, /has active endpoints|Unable to connect to plugin/)
  beforeEach(() => {
    create('blue', '10.9.0.0/24')
  })
  afterEach(() => {
    remove(...tool('docker', 'network', 'ls', '--quiet', '--filter=driver=ovsd').split('\n').filter(Boolean))
    assert.deepEqual(pairs(), [])
    assert.deepEqual(snapshot(), untouched)
  })

  it('ten seconds before the driver does, start when it is there', async () => {
    await driver.stop()
    const run = starting('early')
    await pause(10_000)
    driver = await plugin()
    const { exitCode, stderr } = await run
    assert.equal(exitCode, 0, stderr)
    assert.ok(reaches('early', '10.9.0.1'))
    await gone('early')
  })

  it('when the driver has an older copy of its store: what is in the database counts, and the store is whole again', async () => {
    using a = container('--network=blue')
    const copy = '/var/lib/ovsd-copy'
    cpSync('/var/lib/ovsd', copy, { recursive: true })
    create('red', '10.8.0.0/24')
    remove('red')
    create('green', '10.7.0.0/24')
    using b = container('--network=green')
    await driver.stop('SIGKILL')
    rmSync('/var/lib/ovsd', { recursive: true })
    cpSync(copy, '/var/lib/ovsd', { recursive: true })
    rmSync(copy, { recursive: true })
    driver = await plugin()
    using c = container('--network=blue')
    using d = container('--network=green')
    assert.ok(reaches(c.name, addressOf(a.name)))
    assert.ok(reaches(d.name, addressOf(b.name)))
    await isWhole()
  })

  it('when the driver has no store any more: it makes one of what the database has', async () => {
    create('red', '10.8.0.0/24')
    await driver.stop('SIGKILL')
    rmSync('/var/lib/ovsd', { recursive: true, force: true })
    driver = await plugin()
    remove('red')
    using a = container('--network=blue')
    assert.ok(reaches(a.name, '10.9.0.1'))
    await isWhole()
  })

  it('while their network is removed: either it is there and they work, or it is not and nothing of them is', async () => {
    for (let round = 0; round < 3; round++) {
      const names = Array.from({ length: 6 }, (_, i) => `n${String(round)}${String(i)}`)
      const runs = names.map((name) => starting(name))
      await pause(150 * (round + 1))
      const removing = await execa('docker', ['network', 'rm', 'blue'], { reject: false })
      const ended = await Promise.all(runs)
      const works = names.filter((_, i) => ended[i]?.exitCode === 0)
      if (removing.exitCode === 0) assert.deepEqual(works, [], 'of a network that is gone')
      else {
        assert.match(removing.stderr, /has active endpoints/)
        assert.deepEqual(works, names)
        for (const name of works) assert.ok(reaches(name, '10.9.0.1'), name)
      }
      await gone(...names)
      if (removing.exitCode === 0) create('blue', '10.9.0.0/24')
      await until(() => pairs().length === 0, 'no pair to be left', 10)
    }
  })
})
