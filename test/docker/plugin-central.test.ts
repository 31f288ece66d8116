// Networks of Docker that bring their central of OVN with them, in a container of the same engine.
import { strict as assert } from 'node:assert'
import { execa, execaSync } from 'execa'
import { here } from '../../lab/host.ts'
import { baseHere } from '../../src/lib/ovn/container/base.ts'
import { DEFAULT_IMAGE } from '../../src/lib/ovn/container/names.ts'
import { lifeOf, remotesAt } from '../../src/lib/ovn/life.ts'
import { refused } from '../support/docker-cli.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { errorOf, ok, ovsd } from '../support/ovsd.ts'
import { hostLink } from '../support/host-link.ts'
import { comesTrue } from '../support/ovn.ts'
import { engineNow } from '../support/ovn-container.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { echoes, placeOn, type Place } from '../support/place.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'
import { plugin, type Watcher } from '../support/watch.ts'

/** Longest that a container may take to start and end in a network that has nothing to do with OVN, on a busy machine. */
const BESIDE_MS = 5000
/** How long it is slow: longer than a call may take. */
const SLOW_MS = 20_000
/** How long it hangs: looking at it takes up to 30 s, and then it is waited for. */
const HANGS_MS = 50_000

/** Longest that the driver may take to end while it builds. */
const END_MS = 8000
const AUTO = '--opt=ovn.auto_create=true'
const SLEEPY = `FROM busybox
RUN printf '#!/bin/sh\\nsleep 300\\n' >/bin/apt-get && chmod 755 /bin/apt-get`

/** What central's image is built on here, but with packages that take five minutes to come. */
function sleepyBase(): Disposable {
  execaSync('docker', ['build', '--quiet', '--tag', baseHere(), '-'], { input: SLEEPY })
  return { [Symbol.dispose]: () => void tool('docker', 'image', 'rm', '--force', baseHere()) }
}

describe('ovsd as a network driver of Docker, with ovn.auto_create', function () {
  this.timeout(180_000)
  let base: TestImage
  let image: TestImage
  let link: Disposable
  let driver: Watcher
  before(() => {
    base = ovnBase()
    image = ovnImage(base)
    link = hostLink()
  })
  after(() => {
    link[Symbol.dispose]()
    image[Symbol.dispose]()
    base[Symbol.dispose]()
  })
  beforeEach(async () => {
    driver = await plugin()
  })
  afterEach(() => driver[Symbol.asyncDispose]())
  const logs = holdsThroughout(() => driver)

  const CONNECTIONS = ['nb', 'sb'].map((side, i) => `--opt=ovn.${side}_connection=tcp:172.30.0.5:664${String(i + 1)}`)
  const create = (...options: string[]): string[] => ['network', 'create', '--driver=ovsd', ...options]
  const SLEEP = ['busybox', '/bin/busybox', 'sleep', '100000']
  function started(network: string): Place & { readonly id: string; readonly address: string } {
    const id = tool('docker', 'run', '--detach', `--network=${network}`, ...SLEEP).trim()
    const format = '--format={{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    const [pid = '', address = ''] = tool('docker', 'inspect', format, id).trim().split(' ')
    return { id, address, ...placeOn(here, `/proc/${pid}/ns/net`) }
  }

  /** Whether the northbound database speaks of that. */
  const knows = async (what: string): Promise<boolean> =>
    (await execa('docker', ['exec', 'ovn-central', 'ovn-nbctl', 'show'], { reject: false })).stdout.includes(what)

  it('says what is missing of a network that does not bring its central', async () => {
    logs.except(/call\.failed|Handler for POST/)
    const before = snapshot()
    const ls = '--opt=ovn.switch=ls-my-network'
    const required = 'ovn.nb_connection and ovn.sb_connection are required when using ovn.switch'
    assert.ok((await refused(...create('--subnet=10.0.0.0/24', ls, CONNECTIONS[0] ?? '', 'my'))).includes(required))
    const bare = await refused(...create('--subnet=10.0.0.0/24', ls, '--opt=ovn.encap_ip=192.0.2.7', 'my'))
    assert.ok(bare.includes(required) && bare.includes('--opt ovn.auto_create=true'), bare)
    assert.match(
      await refused(...create('--subnet=10.0.0.0/24', ls, ...CONNECTIONS, 'my')),
      /OVN central not reachable at tcp:172\.30\.0\.5:6641 and auto-create not enabled/,
    )
    assert.match(
      await refused(...create('--subnet=10.0.0.0/24', '--opt=ovn.auto_create=true', 'my')),
      /--opt ovn\.auto_create is for networks on OVN/,
    )
    assert.match(
      await refused(...create('--subnet=10.0.0.0/24', ls, '--opt=ovn.auto_create=perhaps', 'my')),
      /--opt ovn\.auto_create: "perhaps" is neither true nor false/,
    )
    assert.match(
      await refused(
        ...create('--subnet=10.0.0.0/24', ls, '--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=198.51.100.77', 'my'),
      ),
      /--opt ovn\.encap_ip: this host has no address 198\.51\.100\.77\./,
    )
    assert.deepEqual(snapshot(), before)
  })

  it('is there at once; central is made meanwhile, and what was started before works then', async () => {
    const before = snapshot()
    const id = tool(
      ...([
        'docker',
        ...create('--ipam-driver=ovsd', '--subnet=10.0.0.0/24', '--opt=ovn.switch=ls-my-network'),
      ] as const),
      ...[...CONNECTIONS, '--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=192.0.2.7', 'my-ovn-network'],
    )
    // Before the host knows of any central.
    assert.match(ok('net', 'inspect', id.slice(0, 12)), /missing: whatever central would know of: .*central/)
    const [a, b] = [started('my-ovn-network'), started('my-ovn-network')]
    await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 60 })
    await comesTrue(() => Promise.resolve(tool('docker', 'ps').includes('ovn-central')), 'central runs', 60)
    await comesTrue(() => echoes(a, b.address, { tries: 1 }), 'both reach each other', 30)
    assert.match(
      tool('docker', 'network', 'inspect', '--format={{(index .IPAM.Config 0).Subnet}}', 'transit-overlay'),
      /172\.30\.0\.0/,
    )
    assert.match(ok('ovn', 'status'), /192\.0\.2\.7/)
    // A second one finds it.
    tool(
      ...(['docker', ...create('--subnet=10.1.0.0/24', '--opt=ovn.switch=ls-tenant2', ...CONNECTIONS)] as const),
      ...['--opt=ovn.auto_create=true', 'tenant2-overlay'],
    )
    const c = started('tenant2-overlay')
    assert.equal(await echoes(c, a.address, { tries: 1 }), false)
    for (const { id } of [a, b, c]) tool('docker', 'rm', '--force', id)
    for (const name of ['my-ovn-network', 'tenant2-overlay']) tool('docker', 'network', 'rm', name)
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(snapshot(), before)
  })

  it('central is gone when the driver starts: it is started again', async () => {
    logs.except(/central\.lost/)
    tool(
      ...(['docker', ...create('--subnet=10.0.0.0/24', '--opt=ovn.switch=ls-prod', ...CONNECTIONS)] as const),
      ...['--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=192.0.2.7', '--opt=ovn.encap=vxlan', 'prod'],
    )
    const a = started('prod')
    assert.match((await a.run(['ip', 'link', 'show', 'eth0'])).stdout, / mtu 1450 /)
    await comesTrue(() => knows('lsp-'), 'known', 90)
    assert.match(tool('ovs-vsctl', 'get', 'open_vswitch', '.', 'external_ids:ovn-encap-type'), /^"?vxlan"?$/m)
    await driver.stop('SIGKILL')
    tool('docker', 'stop', '--time=0', 'ovn-central')
    const b = ((driver = await plugin()), started('prod'))
    await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 60 })
    await comesTrue(() => echoes(a, b.address, { tries: 1 }), 'both reach each other', 60)
    for (const { id } of [a, b]) tool('docker', 'rm', '--force', id)
    tool('docker', 'network', 'rm', 'prod')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
  })

  it('the image of central is being built: that ends when nobody asks for it any more, and when the driver ends, and leaves nothing', async () => {
    tool('docker', 'image', 'rm', '--force', image.name)
    using _base = sleepyBase()
    const before = engineNow()
    const words = create('--subnet=10.0.0.0/24', '--opt=ovn.switch=ls-prod', ...CONNECTIONS, AUTO)
    tool('docker', ...words, '--opt=ovn.encap_ip=192.0.2.7', 'prod')
    const isBuilding = (): boolean => execaSync('pgrep', ['-f', 'apt-get update'], { reject: false }).exitCode === 0
    await until(isBuilding, 'the image to be built', 30)
    for (const command of ['bootstrap', 'teardown']) {
      const { code, message } = errorOf(ovsd(['ovn', command, '--json']))
      assert.equal(code, 'AlreadyRunning')
      assert.match(message, new RegExp(`as process ${driver.pid}\\.$`))
    }
    tool('docker', 'network', 'rm', 'prod')
    await until(() => !isBuilding(), 'the build that nobody asks for to end', 20)
    tool('docker', ...words, 'prod')
    await until(isBuilding, 'the image to be built for another one', 30)
    const since = performance.now()
    assert.equal(await driver.stop(), 0)
    assert.ok(performance.now() - since < END_MS)
    await until(() => !isBuilding(), 'the build to end', 5)
    driver = await plugin()
    tool('docker', 'network', 'rm', 'prod')
    await driver.stop()
    ok('ovn', 'leave')
    assert.deepEqual(engineNow(), before)
    image = ovnImage(base)
  })

  it('a central that is slow to start, or hangs, holds up nobody else', async () => {
    logs.except(/central\.lost/)
    tool('docker', ...create('--subnet=10.9.0.0/24', 'blue'))
    tool(
      ...(['docker', ...create('--subnet=10.0.0.0/24', '--opt=ovn.switch=ls-prod', ...CONNECTIONS)] as const),
      ...[AUTO, '--opt=ovn.encap_ip=192.0.2.7', 'prod'],
    )
    const northbound = (): string => execaSync('pgrep', ['-f', '^ovsdb-server .*ovnnb_db.db'], { reject: false }).stdout
    await until(() => northbound() !== '', 'central to start', 60, { closely: true })
    tool('kill', '-STOP', northbound())
    const slow = await beside(SLOW_MS)
    tool('kill', '-CONT', northbound())
    await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 60 })
    const a = started('prod')
    await comesTrue(() => knows('lsp-'), 'known', 60)
    tool('kill', '-STOP', northbound())
    await driver.stop('SIGKILL')
    driver = await plugin()
    const hung = await beside(HANGS_MS)
    tool('kill', '-CONT', northbound())
    const b = started('prod')
    await comesTrue(() => echoes(a, b.address, { tries: 1 }), 'both reach each other', 60)
    console.log(`      docker run beside it: up to ${String(Math.max(...slow))} and ${String(Math.max(...hung))} ms`)
    for (const took of [slow, hung]) assert.ok(Math.max(...took) < BESIDE_MS, `docker run took ${took.join(', ')} ms`)
    assert.deepEqual(driver.all('call.failed'), [])
    for (const { id } of [a, b]) tool('docker', 'rm', '--force', id)
    tool('docker', 'network', 'rm', 'prod', 'blue')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
  })

  /** How long containers take to start and end in a network that has nothing to do with OVN, one after the other for so long. */
  async function beside(ms: number): Promise<readonly number[]> {
    const took: number[] = []
    const end = performance.now() + ms
    while (performance.now() < end) {
      const since = performance.now()
      await execa('docker', ['run', '--rm', '--network=blue', 'busybox', '/bin/busybox', 'true'])
      took.push(Math.round(performance.now() - since))
    }
    return took
  }

  it('in another subnet than the connections say: networks without auto_create go by the one that was taken', async () => {
    logs.except(/call\.failed|Handler for POST/)
    const before = snapshot()
    tool('docker', 'network', 'create', '--subnet=172.30.0.0/24', 'in-use')
    const role = ['--opt=ovn.role=transit', '--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=192.0.2.7']
    const vpc = (name: string, subnet: string): string[] => [
      ...create(`--subnet=${subnet}`, `--opt=ovn.switch=ls-${name}`, `--opt=ovn.router=lr-${name}`),
      ...['--opt=ovn.transit_network=transit-net', ...CONNECTIONS, `${name}-net`],
    ]
    // One after the other, as they are typed: central is only being made.
    tool('docker', ...create('--subnet=192.168.100.0/24', ...role, ...CONNECTIONS, 'transit-net'))
    for (const [i, name] of ['vpc-a', 'vpc-b'].entries()) tool('docker', ...vpc(name, `10.${String(i)}.0.0/24`))
    await driver.sees({ event: 'upkeep.mended', about: 'OVN' }, { seconds: 60 })
    assert.match(ok('ovn', 'status'), /tcp:172\.31\.0\.5:6641/)
    // Central is there.
    tool('docker', ...vpc('vpc-c', '10.2.0.0/24'))
    const [a, b, c] = [started('vpc-a-net'), started('vpc-b-net'), started('vpc-c-net')]
    for (const { address } of [b, c])
      await comesTrue(() => echoes(a, address, { tries: 1 }), `a reaches ${address} over the transit network`, 60)
    const elsewhere = CONNECTIONS.map((option) => option.replace('172.30.0.5', '192.0.2.9'))
    assert.match(
      await refused(...create('--subnet=10.3.0.0/24', '--opt=ovn.switch=ls-vpc-d', ...elsewhere, 'vpc-d-net')),
      /belongs to the central at tcp:172\.31\.0\.5:6641, not to that at tcp:192\.0\.2\.9:6641/,
    )
    // Where they lead is somebody else's central: then it is that one which is meant.
    const other = ['--network=in-use', '--ip=172.30.0.5', '--env=OVN_CENTRAL_ADDRESS=172.30.0.5', DEFAULT_IMAGE]
    const stranger = tool('docker', 'run', '--detach', ...other).trim()
    await comesTrue(async () => 'id' in (await lifeOf(remotesAt('172.30.0.5'))), 'the other central works', 30)
    assert.match(
      await refused(...create('--subnet=10.3.0.0/24', '--opt=ovn.switch=ls-vpc-d', ...CONNECTIONS, 'vpc-d-net')),
      /belongs to the central at tcp:172\.31\.0\.5:6641, not to that at tcp:172\.30\.0\.5:6641/,
    )
    for (const id of [a.id, b.id, c.id, stranger]) tool('docker', 'rm', '--force', '--volumes', id)
    for (const name of ['vpc-a-net', 'vpc-b-net', 'vpc-c-net', 'transit-net', 'in-use'])
      tool('docker', 'network', 'rm', name)
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
    assert.deepEqual(snapshot(), before)
  })
})
