// docker run --publish of containers that are in other networks than nat ones, too: with a real engine.
import { strict as assert } from 'node:assert'
import { answers, asks } from '../support/asking.ts'
import { listed } from '../support/attachments.ts'
import { netnsOf } from '../support/containers.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

const HERE = `/proc/${String(process.pid)}/ns/net`
const PUBLISH = '--publish=127.0.0.1:8080:80'
const SLEEP = ['busybox', '/bin/busybox', 'sleep', '100000']
/** Its gateways, IPv4 and IPv6. */
const GATEWAYS = ['10.9.0.1', 'fd09::1']

const published = (): readonly number[] =>
  listed().flatMap(({ publishedPorts }) => publishedPorts.map(({ hostPort }) => hostPort))

/** By which addresses a container goes out. */
const waysOut = (name: string): readonly string[] =>
  ['-4', '-6'].flatMap(
    (family) => toolIn(netnsOf(name), 'ip', family, 'route', 'show', 'default').match(/(?<=via )\S+/g) ?? [],
  )

/** A container by this name, removed at the end of a `using` block. */
function called(name: string, ...args: string[]): Disposable {
  tool('docker', ...args.slice(0, 1), `--name=${name}`, ...args.slice(1), ...SLEEP)
  return { [Symbol.dispose]: () => void tool('docker', 'rm', '--force', name) }
}

describe('ports that docker run publishes of containers in several networks', function () {
  this.timeout(120_000)
  let driver: Watcher
  let untouched: unknown
  before(async () => {
    untouched = snapshot()
    driver = await plugin()
    const create = (...args: string[]): string =>
      tool('docker', 'network', 'create', '--driver=ovsd', '--ipv6', ...args)
    create('--subnet=10.9.0.0/24', '--subnet=fd09::/64', 'nat1')
    // Docker takes the first of them by name for the gateway, if it has one.
    create('--subnet=10.8.0.0/24', '--subnet=fd08::/64', '--opt=mode=l2', '--opt=vlan=8', 'al2')
    create('--subnet=10.7.0.0/24', '--subnet=fd07::/64', '--opt=mode=l2', '--opt=vlan=7', 'zl2')
    const titles = (): readonly unknown[] => driver.all('network.learnt').map(({ title }) => title)
    await until(() => ['nat1', 'al2', 'zl2'].every((one) => titles().includes(one)), 'the names of the networks', 20)
  })
  after(async () => {
    tool('docker', 'network', 'rm', 'nat1', 'al2', 'zl2')
    await driver[Symbol.asyncDispose]()
    assert.deepEqual(snapshot(), untouched)
  })

  const logs = holdsThroughout(() => driver)
  async function isReached(when: string): Promise<void> {
    await using _web = await answers(netnsOf('pub'), 'web', 80)
    assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'web 10.9.0.1', when)
    assert.deepEqual([waysOut('pub'), published()], [GATEWAYS, [8080]], when)
  }

  /** Until the driver knows all of its endpoints, and so has told what there is to be told. */
  const isKnown = (endpoints: number): Promise<number> =>
    until(() => listed().filter(({ container }) => container === 'pub').length === endpoints, 'whose they are', 20)

  it('stay, with the default route, whichever networks come and go, and through restarts', async () => {
    using _pub = called('pub', 'run', '--detach', '--network=nat1', PUBLISH)
    for (const l2 of ['al2', 'zl2']) {
      tool('docker', 'network', 'connect', l2, 'pub')
      await isReached(`with ${l2}`)
    }
    tool('docker', 'restart', '--time=0', 'pub')
    await isReached('restarted')
    await isKnown(3)
    tool('docker', 'network', 'disconnect', 'al2', 'pub')
    await isReached('without al2')
    tool('docker', 'network', 'connect', 'al2', 'pub')
    await isKnown(3)
    // Without its nat network nobody leads to it, and it goes nowhere; all else is as it was.
    tool('docker', 'network', 'disconnect', 'nat1', 'pub')
    assert.deepEqual([waysOut('pub'), published()], [[], []])
    assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'ECONNREFUSED')
    assert.match(toolIn(netnsOf('pub'), 'ip', 'route'), /10\.8\.0\.0\/24/)
    tool('docker', 'network', 'connect', 'nat1', 'pub')
    await isReached('with nat1 again')
    await isKnown(3)
    assert.deepEqual(driver.all('ports.unpublished'), [])
  })

  it('of a container that is created, connected and started are there; nobody is warned', async () => {
    const from = driver.lines.length
    using _pub = called('pub', 'create', '--network=al2', PUBLISH)
    tool('docker', 'network', 'connect', 'nat1', 'pub')
    tool('docker', 'start', 'pub')
    await isReached('started')
    await isKnown(2)
    tool('docker', 'stop', '--time=0', 'pub')
    assert.deepEqual(published(), [])
    tool('docker', 'start', 'pub')
    await isReached('started again')
    await isKnown(2)
    assert.deepEqual(driver.all('ports.unpublished', from), [])
  })

  it('of one in networks of mode l2 only are told of in the log, until it comes to a nat network', async () => {
    logs.except(/ports\.unpublished/)
    const from = driver.lines.length
    using _pub = called('pub', 'create', '--network=al2', PUBLISH, '--publish=53:53/udp')
    tool('docker', 'network', 'connect', 'zl2', 'pub')
    tool('docker', 'start', 'pub')
    const told = await driver.sees('ports.unpublished', { from, seconds: 20 })
    assert.deepEqual(
      [told.level, told['container'], told['networks'], told['ports']],
      ['warn', 'pub', ['al2', 'zl2'], ['53/udp', '80/tcp']],
    )
    assert.match(told.msg, /published nowhere \(53\/udp, 80\/tcp\)[\s\S]*docker network connect NETWORK pub/)
    assert.deepEqual([waysOut('pub'), published()], [[], []])
    await isKnown(2)
    tool('docker', 'network', 'connect', 'nat1', 'pub')
    await using _web = await answers(netnsOf('pub'), 'web', 80)
    assert.equal(asks(HERE, 'tcp', '127.0.0.1', 8080), 'web 10.9.0.1')
    assert.deepEqual(waysOut('pub'), GATEWAYS)
    await isKnown(3)
    assert.equal(driver.all('ports.unpublished', from).length, 1)
  })

  it('none: the gateway is that of the first network by name, as ever', () => {
    using _pub = called('pub', 'run', '--detach', '--network=nat1')
    tool('docker', 'network', 'connect', 'al2', 'pub')
    assert.deepEqual(waysOut('pub'), ['10.8.0.1', 'fd08::1'])
  })
})
