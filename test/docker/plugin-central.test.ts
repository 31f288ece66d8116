// Networks of Docker that bring their central of OVN with them, in a container of the same engine.
import { strict as assert } from 'node:assert'
import { execa } from 'execa'
import { here } from '../../lab/host.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { ok } from '../support/ovsd.ts'
import { hostLink } from '../support/host-link.ts'
import { comesTrue } from '../support/ovn.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { echoes, placeOn, type Place } from '../support/place.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool } from '../support/tool.ts'
import { plugin, type Watcher } from '../support/watch.ts'

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
  const refused = async (...args: string[]): Promise<string> => {
    const { exitCode, stderr } = await execa('docker', args, { reject: false })
    assert.notEqual(exitCode, 0, `docker ${args.join(' ')} succeeded`)
    return stderr
  }
  function started(network: string): Place & { readonly id: string; readonly address: string } {
    const id = tool('docker', 'run', '--detach', `--network=${network}`, ...SLEEP).trim()
    const format = '--format={{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    const [pid = '', address = ''] = tool('docker', 'inspect', format, id).trim().split(' ')
    return { id, address, ...placeOn(here, `/proc/${pid}/ns/net`) }
  }

  it('says what is missing of a network that does not bring its central', async () => {
    logs.except(/call\.failed|Handler for POST/)
    const before = snapshot()
    const ls = '--opt=ovn.switch=ls-my-network'
    const required = 'ovn.nb_connection and ovn.sb_connection are required when using ovn.switch'
    assert.ok((await refused(...create('--subnet=10.0.0.0/24', ls, CONNECTIONS[0] ?? '', 'my'))).includes(required))
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
    assert.deepEqual(snapshot(), before)
  })

  it('is there at once; central is made meanwhile, and what was started before works then', async () => {
    const before = snapshot()
    tool(
      ...([
        'docker',
        ...create('--ipam-driver=ovsd', '--subnet=10.0.0.0/24', '--opt=ovn.switch=ls-my-network'),
      ] as const),
      ...[...CONNECTIONS, '--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=192.0.2.7', 'my-ovn-network'],
    )
    const [a, b] = [started('my-ovn-network'), started('my-ovn-network')]
    await driver.sees('upkeep.mended', { seconds: 60 })
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
      ...['--opt=ovn.auto_create=true', '--opt=ovn.encap_ip=192.0.2.7', 'prod'],
    )
    const a = started('prod')
    const exec = ['docker', 'exec', 'ovn-central', 'ovn-nbctl', 'show'] as const
    await comesTrue(
      async () => (await execa(exec[0], exec.slice(1), { reject: false })).stdout.includes('lsp-'),
      'known',
      90,
    )
    await driver.stop('SIGKILL')
    tool('docker', 'stop', '--time=0', 'ovn-central')
    const b = ((driver = await plugin()), started('prod'))
    await comesTrue(() => echoes(a, b.address, { tries: 1 }), 'both reach each other', 60)
    for (const { id } of [a, b]) tool('docker', 'rm', '--force', id)
    tool('docker', 'network', 'rm', 'prod')
    ok('ovn', 'leave')
    ok('ovn', 'teardown', '--delete-data')
  })
})
