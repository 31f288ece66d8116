// `ovsd path` in a network with tunnels to another host.
import { strict as assert } from 'node:assert'
import { bareOn, type Place } from '../support/place.ts'
import { comesTrue } from '../support/ovn.ts'
import { underlay, type FarSite, type Site, type Underlay } from '../support/underlay.ts'

interface Said {
  readonly arrives: boolean | null
  readonly said: string
  readonly cause: string | null
  readonly fix: readonly string[]
}

describe('path through tunnels', function () {
  this.timeout(120_000)
  let net: Underlay
  let near: Site
  let far: FarSite
  const leave: (() => Promise<void>)[] = []

  const path = async (...args: string[]): Promise<Said> =>
    JSON.parse((await near.ovsd('path', ...args, '--json')).stdout) as Said
  const type = async (lines: readonly string[]) => {
    assert.notEqual(lines.length, 0)
    for (const line of lines) await near.run('sh', '-c', line)
  }

  async function contain(site: Site, n: number, name: string): Promise<Place> {
    const place = await bareOn(site.host, name)
    await site.ok(
      'net',
      'create',
      'blue',
      '--bridge=br0',
      '--vlan=5',
      `--vxlan=198.51.100.${String(3 - n)}`,
      '--key=77',
    )
    const words = [`--netns=${place.path}`, `--ipaddress=10.0.0.${String(n)}/24`, '--vlan=5']
    await site.ok('add-port', 'br0', 'eth1', name, ...words)
    leave.push(async () => {
      await site.ok('del-port', 'br0', 'eth1', name)
      await place.leave()
      await site.ok('net', 'rm', 'blue')
    })
    return place
  }

  before(async () => {
    net = await underlay(1)
    near = net.near
    far = net.far[0] ?? assert.fail()
    await contain(near, 1, 'web')
    await contain(far, 2, 'db')
  })
  after(async () => {
    for (const go of leave) await go()
    await net[Symbol.asyncDispose]()
  })

  it('says that small packets get there, and what has no room for large ones', async () => {
    const { arrives, cause, said, fix } = await path('web', '10.0.0.2')
    assert.deepEqual([arrives, cause], [true, 'mtu'], said)
    assert.match(
      said,
      /those of 1500 bytes do not: the tunnel of the network blue to 198\.51\.100\.2, over phy0, has room for 1450\.$/,
    )
    await type(fix)
    const now = await path('web', '10.0.0.2')
    assert.deepEqual([now.arrives, now.cause], [true, null], now.said)
  })

  it('names the host that does not answer, and a tunnel that is gone', async () => {
    await near.run('ip', 'link', 'set', far.link, 'down')
    try {
      const { arrives, cause, said, fix } = await path('web', '10.0.0.2')
      assert.deepEqual([arrives, cause], [false, 'tunnel'], said)
      assert.match(
        said,
        /10\.0\.0\.2 is on no port of this host, and 198\.51\.100\.2, where a tunnel of the network blue leads, does not answer\.$/,
      )
      await type(fix)
    } finally {
      await near.run('ip', 'link', 'set', far.link, 'up')
    }
    await comesTrue(async () => (await path('web', '10.0.0.2')).arrives === true, 'it is reached again')
    const row = (await near.run('ovs-vsctl', '--bare', '--columns=name', 'find', 'Interface', 'type=vxlan')).trim()
    await near.run('ovs-vsctl', 'del-port', row)
    const { cause, said, fix } = await path('web', '10.0.0.2')
    assert.equal(cause, 'tunnel', said)
    assert.match(said, /the tunnels of the network blue are not whole: /)
    await type(fix)
    await comesTrue(async () => (await path('web', '10.0.0.2')).arrives === true, 'it is healed')
  })

  it('says of an address that nobody has just that', async () => {
    const { cause, said } = await path('web', '10.0.0.77')
    assert.equal(cause, 'neighbour', said)
  })
})
