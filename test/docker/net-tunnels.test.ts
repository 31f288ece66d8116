// A network of two hosts with an engine each: real containers, and the program as its users run it.
import { strict as assert } from 'node:assert'
import { runContainer, type Container } from '../../lab/containers.ts'
import { hostView } from '../support/host-view.ts'
import { frames } from '../support/frames.ts'
import { delivers, echoes, placeOn, type Place } from '../support/place.ts'
import { tool } from '../support/tool.ts'
import { underlay, type FarSite, type Site, type Underlay } from '../support/underlay.ts'

type Connected = Place & { readonly address: string; readonly mac: string }

describe('networks of two hosts', function () {
  this.timeout(60_000)
  let net: Underlay
  let near: Site
  let far: FarSite
  const made: string[] = []

  before(async () => {
    net = await underlay(1, { services: 'docker' })
    near = net.near
    far = net.far[0] ?? assert.fail()
  })
  after(() => net[Symbol.asyncDispose]())

  /** The same network on both hosts, with a range of the subnet each. */
  async function create(name: string, key: number, ...options: string[]): Promise<void> {
    for (const [site, other, range] of [
      [near, far, '10.0.0.0/25'],
      [far, near, '10.0.0.128/25'],
    ] as const)
      await site.ok(
        ...['net', 'create', name, '--bridge=bt0', '--subnet=10.0.0.0/24', `--ip-range=${range}`],
        ...[`--vxlan=${other.address}`, `--key=${key}`, ...options],
      )
  }

  async function connected(site: Site, network: string): Promise<Connected> {
    const container: Container = await runContainer(site.host)
    if (site === near) made.push(container.id)
    const { addresses, mac } = JSON.parse(await site.ok('net', 'connect', network, container.name, '--json')) as {
      addresses: readonly string[]
      mac: string
    }
    const address = (addresses[0] ?? '').replace(/\/.*/, '')
    return { ...placeOn(site.host, `/proc/${container.pid}/ns/net`), address, mac }
  }

  const clear = async (): Promise<void> => {
    for (const site of net.sites) for (const name of ['blue', 'red']) await site.ovsd('net', 'rm', name, '--force')
    if (made.length > 0) tool('docker', 'rm', '--force', ...made.splice(0))
  }
  afterEach(clear)

  it('containers get addresses of their host, an MTU that fits, and reach each other with all that they send', async () => {
    const before = { ...hostView(), ends: undefined }
    await create('blue', 77)
    const [a, b] = [await connected(near, 'blue'), await connected(far, 'blue')]
    assert.deepEqual([a.address, b.address], ['10.0.0.1', '10.0.0.128'])
    assert.match((await a.run(['ip', 'link', 'show', 'eth1'])).stdout, / mtu 1450 /)
    assert.ok(await echoes(a, b.address))
    assert.ok(await echoes(b, a.address))
    assert.ok(await delivers(a, b, b.address, 2048))
    assert.ok(await delivers(b, a, a.address, 2048))
    const heard = await frames(b, 'eth1', 'icmp and ether broadcast')
    await a.run(['busybox', 'ping', '-c', '1', '-W', '1', '10.0.0.255'])
    assert.equal((await heard.taken()).length, 1)
    await clear()
    assert.deepEqual({ ...hostView(), ends: undefined }, before)
  })

  it('tenants with equal subnets and addresses on both hosts never hear of each other', async () => {
    await create('blue', 77, '--tenant=one')
    await create('red', 78, '--tenant=two')
    const blue = [await connected(near, 'blue'), await connected(far, 'blue')] as const
    const red = [await connected(near, 'red'), await connected(far, 'red')] as const
    assert.deepEqual(
      red.map(({ address }) => address),
      blue.map(({ address }) => address),
    )
    for (const [[from, to], others, key] of [
      [blue, red, 77],
      [red, blue, 78],
    ] as const) {
      const seen = await Promise.all(
        others.map((place) => frames(place, 'eth1', `ether src ${from.mac} or ether src ${to.mac}`)),
      )
      const between = await frames(placeOn(near.host, '/proc/self/ns/net'), far.link, 'udp dst port 4789', {
        both: true,
      })
      assert.ok(await echoes(from, to.address))
      assert.ok(await delivers(from, to, to.address, 64))
      assert.deepEqual((await Promise.all(seen.map((one) => one.taken()))).flat(), [])
      const keys = (await between.taken(0))
        .filter((words) => words.includes(`> ${to.address}`))
        .map((words) => /vni (\d+)/.exec(words)?.[1])
      assert.ok(keys.length > 0)
      assert.deepEqual([...new Set(keys)], [String(key)])
    }
  })

  it('rm on one host ends it there, and inspect on the other still knows it', async () => {
    await create('blue', 77)
    const [a, b] = [await connected(near, 'blue'), await connected(far, 'blue')]
    assert.ok(await echoes(a, b.address))
    const { status, stderr } = await near.ovsd('net', 'rm', 'blue')
    assert.equal(status, 1)
    assert.match(stderr, /in use/)
    assert.ok(await echoes(a, b.address), 'it is as it was')
    assert.match(await near.ok('net', 'rm', 'blue', '--force'), /bridge bt0/)
    assert.equal(await echoes(b, a.address, { tries: 1 }), false)
    assert.match(await far.ok('net', 'inspect', 'blue'), /tunnel +to 198\.51\.100\.1: /)
  })
})
