// Networks with tunnels between three hosts, proved with packets; bare namespaces stand for containers.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { frames } from '../support/frames.ts'
import { bareOn, delivers, echoes, placeOn, type Place } from '../support/place.ts'
import { snapshot } from '../support/snapshot.ts'
import { underlay, type Site, type Underlay } from '../support/underlay.ts'

const HERE = '/proc/self/ns/net'

describe('networks with tunnels between three hosts', function () {
  this.timeout(60_000)
  let net: Underlay
  /** A container of each network on each host, in the order of the hosts. */
  const blue: Place[] = []
  const red: Place[] = []
  const leave: (() => Promise<void>)[] = []
  let earlier: ReturnType<typeof snapshot>

  const remotes = (site: Site): string => net.sites.flatMap((one) => (one === site ? [] : one.address)).join(',')
  const createBlue = (site: Site) =>
    site.ok('net', 'create', 'blue', '--bridge=br0', `--vxlan=${remotes(site)}`, '--key=77')

  /** Equal addresses and MACs in both networks. */
  async function contain(site: Site, n: number, name: string, vlan?: string): Promise<Place> {
    const place = await bareOn(site.host, `${name}${n}`)
    leave.push(async () => {
      await site.ok('del-port', 'br0', 'eth1', `${name}${n}`)
      await place.leave()
    })
    const answer = await site.ok(
      ...['add-port', 'br0', 'eth1', `${name}${n}`, `--netns=${place.path}`, '--mtu=1450', '--json'],
      ...[`--ipaddress=10.0.0.${n}/24`, `--ipaddress=fd00:10::${n}/64`, `--macaddress=02:00:00:00:00:0${n}`],
      ...(vlan === undefined ? [] : [`--vlan=${vlan}`]),
    )
    const { port } = JSON.parse(answer) as { port: string }
    // As `net connect` does it: not a trunk, which would have the frames of all networks.
    if (vlan === undefined) await site.run('ovs-vsctl', 'set', 'Port', port, 'tag=0')
    return place
  }

  before(async () => {
    net = await underlay(2)
    earlier = snapshot()
    for (const [i, site] of net.sites.entries()) {
      await createBlue(site)
      await site.ok(
        'net',
        'create',
        'red',
        '--bridge=br0',
        '--tenant=acme',
        '--vlan=5',
        `--vxlan=${remotes(site)}`,
        '--key=78',
      )
      blue.push(await contain(site, i + 1, 'b'))
      red.push(await contain(site, i + 1, 'r', '5'))
    }
    // Addresses are announced three times, a second apart.
    await pause(4000)
  })
  after(async () => {
    try {
      for (const go of leave) await go()
      for (const site of net.sites) for (const name of ['blue', 'red']) await site.ok('net', 'rm', name)
      assert.deepEqual(snapshot(), earlier, 'nothing stays of networks that are removed')
    } finally {
      await net[Symbol.asyncDispose]()
    }
  })

  const pairs = (): (readonly [Place, Place, number])[] =>
    blue.flatMap((from) => blue.flatMap((to, i) => (from === to ? [] : [[from, to, i + 1] as const])))

  it('pass IPv4, IPv6 and full frames between every two', async () => {
    for (const [from, , n] of pairs()) {
      assert.ok(await echoes(from, `10.0.0.${n}`), `10.0.0.${n}`)
      assert.ok(await echoes(from, `fd00:10::${n}`), `fd00:10::${n}`)
      assert.ok(await echoes(from, `10.0.0.${n}`, { size: 1450 - 28 }))
      assert.ok(await echoes(from, `10.0.0.${n}`, { size: 4000 }), 'in fragments')
    }
  })

  it('pass a megabyte over TCP between every two, in frames that fill what the hosts have between them', async () => {
    const link = await frames(placeOn(net.near.host, HERE), 'u2', 'udp dst port 4789 and greater 1500', { both: true })
    for (const [from, to, n] of pairs()) assert.ok(await delivers(from, to, `10.0.0.${n}`, 1024), `to 10.0.0.${n}`)
    assert.ok(await delivers(red[0] ?? assert.fail(), red[2] ?? assert.fail(), 'fd00:10::3', 1024))
    const lengths = (await link.taken()).map((words) => Number(/, length (\d+): /.exec(words)?.[1]))
    // 1500 bytes of IP and 14 of Ethernet; nothing is larger, or in fragments.
    assert.equal(Math.max(...lengths), 1514)
  })

  it('bring a broadcast once to every container of the network, and to no other; nothing goes in circles', async () => {
    for (const [i, sender] of blue.entries()) {
      const filter = `ether src 02:00:00:00:00:0${i + 1} and arp and ether broadcast`
      const seen = await Promise.all([...blue, ...red].map((place) => frames(place, 'eth1', filter)))
      const between = await Promise.all(
        net.far.map(({ link }) => frames(placeOn(net.near.host, HERE), link, 'udp dst port 4789', { both: true })),
      )
      await sender.run(['arping', '-q', '-U', '-c', '1', '-I', 'eth1', `10.0.0.${i + 1}`])
      const counts = await Promise.all(seen.map(async (one) => (await one.taken(500)).length))
      assert.deepEqual(counts, [...blue.map((place) => (place === sender ? 0 : 1)), 0, 0, 0])
      const carried = (await Promise.all(between.map((one) => one.taken(0)))).flat()
      const copies = carried.filter((words) => words.includes('ff:ff:ff:ff:ff:ff, ethertype ARP'))
      // One to each of the other hosts; what goes from one far host to the other passes two links.
      assert.equal(copies.length, i === 0 ? 2 : 3, copies.join('\n'))
    }
  })

  it('bring a frame to a MAC that nobody knows once to every container', async () => {
    const [sender = assert.fail()] = blue
    await sender.run(['ip', 'neigh', 'replace', '10.0.0.99', 'lladdr', '02:00:00:00:00:99', 'dev', 'eth1'])
    const filter = 'icmp and ether dst 02:00:00:00:00:99'
    const seen = await Promise.all([...blue, ...red].map((place) => frames(place, 'eth1', filter)))
    await sender.run(['busybox', 'ping', '-c', '1', '-W', '1', '10.0.0.99'])
    const counts = await Promise.all(seen.map(async (one) => (await one.taken()).length))
    assert.deepEqual(counts, [0, 1, 1, 0, 0, 0])
  })

  it('are separate: each has its key, and equal addresses and MACs in the other do not hear of it', async () => {
    const [b1 = assert.fail()] = blue
    const [r1 = assert.fail()] = red
    for (const [from, others, key] of [
      [b1, red, 77],
      [r1, blue, 78],
    ] as const) {
      const seen = await Promise.all(others.map((place) => frames(place, 'eth1', 'icmp or arp')))
      const link = await frames(placeOn(net.near.host, HERE), 'u2', 'udp dst port 4789', { both: true })
      assert.ok(await echoes(from, '10.0.0.2'))
      assert.deepEqual((await Promise.all(seen.map((one) => one.taken()))).flat(), [])
      const keys = (await link.taken(0))
        .filter((words) => words.includes('ICMP echo'))
        .map((words) => /vni (\d+)/.exec(words)?.[1])
      assert.ok(keys.length >= 2)
      assert.deepEqual([...new Set(keys)], [String(key)])
    }
  })

  it('do not pass on: a host without its tunnel to another does not reach that one by way of the third', async () => {
    const [, second = assert.fail(), third = assert.fail()] = net.sites
    const [b1 = assert.fail(), b2 = assert.fail(), b3 = assert.fail()] = blue
    const find = ['--bare', '--columns=name', 'find', 'Interface', 'type=vxlan', 'options:key=77']
    const port = await second.run('ovs-vsctl', ...find, `options:remote_ip=${third.address}`)
    await second.run('ovs-vsctl', 'del-port', port)
    const seen = await frames(b3, 'eth1', 'ether src 02:00:00:00:00:02')
    assert.equal(await echoes(b2, '10.0.0.3'), false)
    assert.deepEqual(await seen.taken(), [])
    assert.ok(await echoes(b2, '10.0.0.1'))
    assert.match(await createBlue(second), /blue completed/)
    assert.equal(await second.run('ovs-vsctl', ...find, `options:remote_ip=${third.address}`), port)
    assert.ok(await echoes(b2, '10.0.0.3', { tries: 5 }))
    assert.ok(await echoes(b1, '10.0.0.2'))
  })

  for (const address of ['10.0.0.3/24', 'fd00:10::3/64'])
    it(`let ${address} be asked for: who has it on another host is heard, although no frame went there lately`, async () => {
      const place = await bareOn(net.near.host, 'asks')
      // Who is where is forgotten, of the hosts as well as of the containers.
      for (const command of ['tnl/neigh/flush', 'fdb/flush', 'revalidator/purge'])
        for (const site of net.sites) await site.run('ovs-appctl', command)
      const args = ['add-port', 'br0', 'eth1', 'asks', `--netns=${place.path}`, `--ipaddress=${address}`, '--mtu=1450']
      const { status, stderr } = await net.near.ovsd(...args, '--probe')
      assert.equal(status, 1)
      assert.match(stderr, new RegExp(`already answers for ${address}`))
      await place.leave()
    })

  it('end on the host where the network is removed, and come back with it', async () => {
    const [b1 = assert.fail(), b2 = assert.fail()] = blue
    const [near, second] = net.sites
    const answer = await near?.ok('net', 'rm', 'blue')
    assert.match(answer ?? '', /blue removed/)
    assert.equal(
      await near?.run('ovs-vsctl', '--bare', '--columns=name', 'find', 'Interface', 'type=vxlan', 'options:key=77'),
      '',
    )
    const started = performance.now()
    assert.equal(await echoes(b1, '10.0.0.2'), false)
    assert.equal(await echoes(b2, '10.0.0.1'), false)
    assert.ok(performance.now() - started < 10_000)
    assert.ok(await echoes(b2, '10.0.0.3'), 'the others have theirs')
    assert.ok(await echoes(red[0] ?? assert.fail(), '10.0.0.2'), 'and so has the other network')
    await createBlue(near ?? assert.fail())
    assert.ok(await echoes(b1, '10.0.0.2', { tries: 5 }))
    assert.match(
      (await second?.ok('net', 'inspect', 'blue')) ?? '',
      /tunnel +to 198\.51\.100\.1: [\s\S]*tunnel +to 198\.51\.100\.3: /,
    )
  })

  it('do without a host that is down, and have it again when it is back', async () => {
    const [, second = assert.fail()] = net.sites
    const [b1 = assert.fail()] = blue
    await second.run('ip', 'link', 'set', 'nic', 'down')
    const started = performance.now()
    assert.equal(await echoes(b1, '10.0.0.2'), false)
    assert.ok(await echoes(b1, '10.0.0.3'))
    await net.near.ok('net', 'rm', 'blue')
    await createBlue(net.near)
    assert.ok(performance.now() - started < 10_000, 'nobody waits for it')
    await second.run('ip', 'link', 'set', 'nic', 'up')
    assert.ok(await echoes(b1, '10.0.0.2', { tries: 10 }))
  })
})
