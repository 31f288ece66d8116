import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { lifeOf, northboundId, remotesAt } from '../../src/lib/ovn/life.ts'
import { container } from '../support/containers.ts'
import { bringUp, engineNow, inspected, look, nbctl, takeDown, type Asked } from '../support/ovn-container.ts'
import { ovnBase, ovnImage, type TestImage } from '../support/ovn-image.ts'
import { tool } from '../support/tool.ts'

/** A network of the engine until the end of a `using` block. */
function network(name: string, ...args: string[]): Disposable {
  tool('docker', 'network', 'create', ...args, name)
  return { [Symbol.dispose]: () => void tool('docker', 'network', 'rm', name) }
}

/** Something of `ip` until the end of a `using` block. */
function added(what: 'route' | 'address', ...words: string[]): Disposable {
  tool('ip', what, 'add', ...words)
  return { [Symbol.dispose]: () => void tool('ip', what, 'del', ...words) }
}

const inSubnet = (subnet: string): readonly string[] => ['--driver=bridge', `--subnet=${subnet}`]

describe("OVN's central in a container, where something is in its way", function () {
  this.timeout(120_000)
  let base: TestImage
  let image: TestImage
  let found: unknown
  before(() => {
    found = engineNow()
    base = ovnBase()
    image = ovnImage(base)
  })
  after(() => {
    image[Symbol.dispose]()
    base[Symbol.dispose]()
    assert.deepEqual(engineNow(), found, 'something is left')
  })
  afterEach(() => takeDown())

  /** Asserts that it is refused for this reason, and that nothing has changed. */
  async function refused(code: string, words: RegExp, asked: Asked = {}): Promise<void> {
    const before = engineNow()
    await assert.rejects(bringUp(asked), (error: { code: string; message: string; next: string }) => {
      assert.equal(error.code, code, error.message)
      assert.match(error.message, words)
      assert.ok(error.next.length > 20, error.next)
      return true
    })
    assert.deepEqual(engineNow(), before)
  }

  describe('the subnet', () => {
    const subnetNow = async (): Promise<string> => {
      using host = openHost()
      return (await look(host)).subnet
    }

    it('is the first that no Docker network and no route or address of the host has a part of', async () => {
      assert.equal(await subnetNow(), '172.30.0.0/24')
      using _first = network('wide', ...inSubnet('172.30.0.0/16'))
      assert.equal(await subnetNow(), '172.31.0.0/24')
      using _second = added('route', 'unreachable', '172.31.0.128/25', 'table', '77')
      assert.equal(await subnetNow(), '192.168.200.0/24')
      using _third = added('address', '192.168.200.7/32', 'dev', 'lo')
      assert.equal(await subnetNow(), '192.168.201.0/24')
      using _default = added('route', 'unreachable', 'default')
      const { address, northbound, subnet } = await bringUp()
      assert.deepEqual([address, northbound, subnet], ['192.168.201.5', 'tcp:192.168.201.5:6641', '192.168.201.0/24'])
      assert.ok('id' in (await lifeOf(remotesAt(address))))
    })

    it('all are taken: refused, and it is said by what', async () => {
      using _first = network('wide', ...inSubnet('172.30.0.0/15'))
      using _second = added('route', 'unreachable', '192.168.0.0/16')
      await refused('CentralNoSubnet', /172\.31\.0\.0\/24: the Docker network wide; 192.*a route to 192\.168\.0\.0\/16/)
    })
  })

  describe('the network', () => {
    it('that is there is used with the subnet that it has, and stays', async () => {
      using _network = network('own', ...inSubnet('10.200.0.0/16'))
      const { address, network: name, stages } = await bringUp({ network: 'own' })
      assert.deepEqual([address, name], ['10.200.0.5', 'own'])
      assert.ok(!stages.flat().some(({ id }) => id === 'central-network.create'))
      assert.ok('id' in (await lifeOf(remotesAt(address))))
      await takeDown()
      assert.match(tool('docker', 'network', 'ls'), / own /)
    })

    it('somebody has .5: refused, also while he does not run', async () => {
      using _network = network('own', ...inSubnet('10.200.0.0/24'))
      {
        using other = container('--network=own', '--ip=10.200.0.5')
        await refused('CentralNetworkUnusable', new RegExp(`10\\.200\\.0\\.5.*container ${other.name}`), {
          network: 'own',
        })
        tool('docker', 'stop', '--time=0', other.name)
        await refused('CentralNetworkUnusable', new RegExp(other.name), { network: 'own' })
      }
      await bringUp({ network: 'own' })
      // Others get none below it.
      await takeDown()
    })

    it('gives nobody else .5 while central is stopped', async () => {
      await bringUp()
      tool('docker', 'stop', 'ovn-central')
      using other = container('--network=transit-overlay')
      const [{ IPAddress }] = Object.values(inspected('.NetworkSettings.Networks', other.name) as object) as [
        { IPAddress: string },
      ]
      assert.match(IPAddress, /^172\.30\.0\.(12[89]|1[3-9]\d|2\d\d)$/)
      await bringUp()
    })

    for (const [what, args, words] of [
      ['its gateway is .5', [...inSubnet('10.200.0.0/24'), '--gateway=10.200.0.5'], /its gateway/],
      ['.5 is kept', [...inSubnet('10.200.0.0/24'), '--aux-address=x=10.200.0.5'], /kept for something else/],
      ['it has no fifth address', inSubnet('10.200.0.0/30'), /no fifth address/],
    ] as const)
      it(`${what}: refused`, async () => {
        using _network = network('own', ...args)
        await refused('CentralNetworkUnusable', words, { network: 'own' })
      })
  })

  it('a network that is no bridge: refused', async () => {
    await refused('CentralNetworkUnusable', /its driver is null, and not bridge/, { network: 'none' })
  })

  it('a container or a volume of that name that is not of ovsd: refused, and left alone by teardown', async () => {
    tool('docker', 'run', '--detach', '--name=ovn-central', '--network=none', 'busybox')
    await refused('CentralForeign', /container ovn-central/)
    await takeDown()
    assert.equal(inspected('.State.Running'), true)
    tool('docker', 'rm', '--force', 'ovn-central')
    tool('docker', 'volume', 'create', 'ovn-central')
    await refused('CentralForeign', /volume ovn-central/)
    await takeDown()
    tool('docker', 'volume', 'rm', 'ovn-central')
    // Of our image, but not made by ovsd.
    tool('docker', 'create', '--name=ovn-central', '--network=none', image.name)
    await refused('CentralForeign', /container ovn-central/)
    tool('docker', 'rm', 'ovn-central')
  })

  it('its container is not as it is wanted: refused, with all that differs', async () => {
    await bringUp()
    await refused('CentralDiffers', /published on nothing, not on 127\.0\.0\.1:6641, 127\.0\.0\.1:6642/, {
      listen: '127.0.0.1',
    })
    await refused('CentralDiffers', /its image is ovsd-ovn-central:1, not busybox/, { image: 'busybox' })
    {
      using _own = network('own', ...inSubnet('10.200.0.0/24'))
      await refused('CentralDiffers', /it is in transit-overlay, not in own/, { network: 'own' })
    }
    tool('docker', 'update', '--restart=no', 'ovn-central')
    await refused('CentralDiffers', /restart policy is no/)
    tool('docker', 'update', '--restart=unless-stopped', 'ovn-central')
    tool('docker', 'pause', 'ovn-central')
    await refused('CentralDiffers', /paused/)
    tool('docker', 'rm', '--force', 'ovn-central')
    const words = ['create', '--name=ovn-central', '--label=ovsd.central=container', '--network=transit-overlay']
    tool('docker', ...words, '--privileged', '--cap-add=NET_ADMIN', '--volume=/etc:/var/lib/ovn', image.name)
    await refused(
      'CentralDiffers',
      /address is not fixed.*not listen on.*mounted \/etc:\/var\/lib\/ovn.*privileged.*capabilities.*NET_ADMIN.*new privileges.*own files/,
    )
  })

  it('its network is gone: refused, and what it says brings it back with its data', async () => {
    await bringUp()
    nbctl('ls-add', 'blue')
    tool('docker', 'stop', 'ovn-central')
    tool('docker', 'network', 'rm', 'transit-overlay')
    await refused('CentralDiffers', /its Docker network transit-overlay is gone/)
    tool('docker', 'rm', '--force', 'ovn-central')
    await bringUp()
    assert.match(nbctl('ls-list'), /blue/)
  })

  it('an engine elsewhere: refused', async () => {
    using host = openHost({ docker: 'tcp://192.0.2.1:2375' })
    await assert.rejects(look(host), /The engine at tcp:\/\/192\.0\.2\.1:2375 is not known to be on this host/)
  })

  describe('its databases are lost', () => {
    const known = async (): Promise<Asked> => ({
      knownDatabase: await northboundId(remotesAt('172.30.0.5').northbound),
      networks: ['blue', 'green'],
    })

    it('with the volume: refused, naming the networks; restored when that is asked for', async () => {
      await bringUp()
      const asked = await known()
      assert.deepEqual((await bringUp(asked)).stages, [])
      await takeDown()
      await refused('CentralDataLost', /blue, green.*the volume ovn-central is gone/, asked)
      await assert.rejects(bringUp(asked), { next: /--restore/ })
      // Without networks of this host, those of others are; where nothing was, nothing is lost.
      await refused('CentralDataLost', /belonged to the northbound database/, { ...asked, networks: [] })
      using host = openHost()
      assert.ok((await look(host, { networks: ['blue'] })).created)
      const { newDatabase } = await bringUp({ ...asked, restore: true })
      assert.equal(newDatabase, true)
      assert.notEqual((await known()).knownDatabase, asked.knownDatabase)
    })

    it('another database runs in its place: refused, and it goes on running; with restore there is nothing to do', async () => {
      await bringUp()
      const asked = { knownDatabase: 'b7a0e9b1-0000-4000-8000-000000000000', networks: ['blue'] }
      await refused('CentralDataLost', /not those that they are in/, asked)
      assert.deepEqual((await bringUp({ ...asked, restore: true })).stages, [])
    })

    it('another database is in the volume: refused as soon as it is seen, and stopped again', async () => {
      await bringUp()
      tool('docker', 'stop', 'ovn-central')
      const asked = { knownDatabase: 'b7a0e9b1-0000-4000-8000-000000000000', networks: ['blue'] }
      await refused('CentralDataLost', /not those that they are in/, asked)
      tool('docker', 'rm', 'ovn-central')
      await refused('CentralDataLost', /not those that they are in/, asked)
    })
  })

  describe('taking it down', () => {
    it('keeps the databases, unless they are to go too', async () => {
      const before = engineNow()
      await bringUp()
      nbctl('ls-add', 'blue')
      await takeDown(false)
      assert.match(tool('docker', 'volume', 'ls'), /ovn-central/)
      assert.doesNotMatch(tool('docker', 'network', 'ls'), /transit-overlay/)
      await bringUp()
      assert.match(nbctl('ls-list'), /blue/)
      await takeDown(true)
      assert.deepEqual(engineNow(), before)
      await takeDown(true)
    })

    it('leaves a network that somebody else is in, also while he does not run', async () => {
      await bringUp()
      {
        using other = container('--network=transit-overlay')
        tool('docker', 'stop', '--time=0', other.name)
        await takeDown()
        assert.match(tool('docker', 'network', 'ls'), /transit-overlay/)
      }
      await takeDown()
      assert.doesNotMatch(tool('docker', 'network', 'ls'), /transit-overlay/)
    })
  })

  it('goes where the engine is that was named, whatever docker(1) has as its context', async () => {
    using host = openHost({ docker: 'unix:///run/docker.sock' })
    const { stages } = await look(host)
    const lines = stages.flat().flatMap((step) => step.commands())
    assert.ok(lines.every(({ args }) => args[0] === '--host' && args[1] === 'unix:///run/docker.sock'))
  })
})
