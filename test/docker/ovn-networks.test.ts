// Networks on OVN over three hosts, each with an engine: real containers, and the program as its users run it.
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { runContainer } from '../../lab/containers.ts'
import { frames } from '../support/frames.ts'
import { errorOf } from '../support/ovsd.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { northboundDump } from '../support/ovn.ts'
import { delivers, echoes, placeOn, type Place } from '../support/place.ts'
import { temporaryFolder } from '../support/socket-server.ts'
import { tool } from '../support/tool.ts'
import { underlay, type FarSite, type Site, type Underlay } from '../support/underlay.ts'

type Connected = Place & {
  readonly name: string
  readonly id: string
  readonly address: string
  readonly address6: string
  readonly mac: string
}

describe('networks on OVN, over several hosts', function () {
  this.timeout(120_000)
  let net: Underlay
  let near: Site
  let far: FarSite
  let third: FarSite
  let empty = ''
  const made: { readonly site: Site; readonly id: string }[] = []

  before(async () => {
    net = await underlay(2, { services: 'docker' })
    near = net.near
    far = net.far[0] ?? assert.fail()
    third = net.far[1] ?? assert.fail()
    await near.ok('ovn', 'bootstrap', '--central=local', `--listen=${near.address}`, '--insecure')
    for (const site of net.far) await site.ok('ovn', 'join', `tcp:${near.address}`, '--insecure')
    empty = await northboundDump(near)
  })
  after(async () => {
    for (const site of [...net.far, near]) await site.ok('ovn', 'leave')
    await near.ok('ovn', 'teardown', '--delete-data')
    await net[Symbol.asyncDispose]()
  })

  const both = async (...words: string[]) => [await near.ok(...words), await far.ok(...words)] as const
  const blue = ['net', 'create', 'blue', '--switch=ls-blue', '--subnet=10.0.0.0/24']

  async function connected(site: Site, network: string, ...words: string[]): Promise<Connected> {
    const container = await runContainer(site.host)
    made.push({ site, id: container.id })
    const { addresses, mac } = JSON.parse(
      await site.ok('net', 'connect', network, container.name, '--json', ...words),
    ) as {
      addresses: readonly string[]
      mac: string
    }
    const [address = '', address6 = ''] = addresses.map((text) => text.replace(/\/.*/, ''))
    const { name, id } = container
    return { ...placeOn(site.host, `/proc/${container.pid}/ns/net`), name, id, address, address6, mac }
  }

  const clear = async (): Promise<void> => {
    for (const site of net.sites)
      for (const name of ['blue', 'red', 'green']) await site.ovsd('net', 'rm', name, '--force')
    for (const { site, id } of made.splice(0)) await site.run('docker', 'rm', '--force', id)
  }
  afterEach(async () => {
    logicalHolds()
    await clear()
  })

  it('containers of both get addresses that no other has, an MTU that fits, and reach each other; nothing stays', async () => {
    await both(...blue, '--subnet=fd00:1::/64')
    const [a, b] = [await connected(near, 'blue'), await connected(far, 'blue')]
    assert.deepEqual([a.address, b.address, a.address6, b.address6], ['10.0.0.2', '10.0.0.3', 'fd00:1::2', 'fd00:1::3'])
    assert.match((await a.run(['ip', 'link', 'show', 'eth1'])).stdout, / mtu 1442 /)
    for (const [from, to] of [
      [a, b],
      [b, a],
    ] as const) {
      assert.ok(await echoes(from, to.address), `${from.address} to ${to.address}`)
      assert.ok(await echoes(from, to.address6))
      assert.ok(await echoes(from, to.address, { size: 1442 - 28 }))
      assert.ok(await delivers(from, to, to.address, 1024))
    }
    // A look right after a ping: neighbours of the other host were asked for across the tunnel.
    assert.match((await b.run(['ip', 'neigh', 'show', a.address])).stdout, new RegExp(a.mac))
    assert.match(await near.ok('ovn', 'status'), /^ports +2 up, 0 down$/m)
    await near.ok('net', 'disconnect', 'blue', a.name)
    await far.ok('net', 'disconnect', 'blue', b.name)
    assert.equal((await near.run('ovn-nbctl', 'lsp-list', 'ls-blue')).trim(), '')
    await near.ok('net', 'rm', 'blue')
    // The other host still uses it.
    assert.match(await near.run('ovn-nbctl', 'ls-list'), /\(ls-blue\)/)
    await far.ok('net', 'rm', 'blue')
    assert.equal(await northboundDump(near), empty)
  })

  it('a second net create changes nothing; other settings on another host are refused', async () => {
    await near.ok(...blue, '--tenant=acme')
    assert.match(await near.ok(...blue, '--tenant=acme', '--may-exist'), /was there already/)
    const other = await far.ovsd(...blue, '--tenant=evil', '--json')
    assert.equal(errorOf(other).code, 'NetworkDiffers')
    const inspected = JSON.parse(await near.ok('net', 'inspect', 'blue', '--json')) as { overlay: { switch: string } }
    assert.equal(inspected.overlay.switch, 'ls-blue')
    await connected(near, 'blue')
    for (const table of ['Logical_Switch', 'Logical_Switch_Port'])
      assert.match(await near.run('ovn-nbctl', '--columns=external_ids', 'list', table), /tenant_id=acme/, table)
  })

  it('two networks with equal subnets and equal addresses: no frame crosses, broadcast included', async () => {
    await both(...blue, '--tenant=a')
    await both('net', 'create', 'red', '--switch=ls-red', '--subnet=10.0.0.0/24', '--tenant=b')
    const [a, b] = [await connected(near, 'blue'), await connected(far, 'blue')]
    const [c, d] = [await connected(near, 'red'), await connected(far, 'red')]
    assert.deepEqual([a.address, b.address], [c.address, d.address])
    const heard = [await frames(c, 'eth1', 'ip or arp'), await frames(d, 'eth1', 'ip or arp')]
    assert.ok(await echoes(a, b.address))
    await a.run(['busybox', 'ping', '-c', '2', '-W', '1', '10.0.0.255'])
    await a.run(['busybox', 'ping', '-c', '1', '-W', '1', '10.0.0.77'])
    // Who is attached says so to his own network.
    const isOwn = (line: string) => line.includes(c.mac) || line.includes(d.mac)
    for (const one of heard)
      assert.deepEqual(
        (await one.taken()).filter((line) => !isOwn(line)),
        [],
      )
    assert.ok(await echoes(c, d.address))
  })

  it('an address that was asked for; one that is taken, on the other host too, is refused and nothing is left', async () => {
    await both(...blue)
    const a = await connected(near, 'blue', '--ip=10.0.0.9')
    assert.equal(a.address, '10.0.0.9')
    const container = await runContainer(far.host)
    made.push({ site: far, id: container.id })
    const before = await northboundDump(near)
    const taken = await far.ovsd('net', 'connect', 'blue', container.name, '--ip=10.0.0.9', '--json')
    assert.equal(errorOf(taken).code, 'AddressInUse')
    assert.equal(await northboundDump(near), before)
    assert.equal(await far.run('ovs-vsctl', 'list-ports', 'br-int').then((text) => /_l$/m.test(text)), false)
  })

  it('a container that is started again keeps its address, and its port is that of the new life', async () => {
    await near.ok(...blue)
    const a = await connected(near, 'blue')
    const version = () =>
      near.run('ovn-nbctl', 'get', 'Logical_Switch_Port', `lsp-${a.id.slice(0, 12)}-eth1`, 'options:iface-id-ver')
    const first = await version()
    tool('docker', 'restart', '--time=0', a.id)
    const again = JSON.parse(await near.ok('net', 'connect', 'blue', a.name, '--json')) as {
      addresses: readonly string[]
    }
    assert.deepEqual(again.addresses, [`${a.address}/24`])
    assert.notEqual(await version(), first)
    // Port security lets through what the interface has now.
    tool('docker', 'restart', '--time=0', a.id)
    await near.ok('net', 'connect', 'blue', a.name, '--macaddress=02:00:00:00:00:07')
    const pid = tool('docker', 'inspect', '--format={{.State.Pid}}', a.id).trim()
    const b = await connected(near, 'blue')
    assert.ok(await echoes(placeOn(near.host, `/proc/${pid}/ns/net`), b.address))
  })

  it('DHCP of OVN: clients on both hosts get the address that ovsd gave, router, MTU and name servers', async () => {
    await both(...blue, '--dhcp=ovn', '--dns=10.0.0.53', '--gateway=10.0.0.1')
    using folder = temporaryFolder()
    const script = `${folder.path}/told`
    writeFileSync(script, '#!/bin/sh\n[ "$1" != bound ] || env\n', { mode: 0o755 })
    for (const one of [await connected(near, 'blue'), await connected(far, 'blue')]) {
      const { stdout } = await one.run(['busybox', 'udhcpc', '-i', 'eth1', '-n', '-q', '-f', '-O', 'mtu', '-s', script])
      assert.match(stdout, new RegExp(`^ip=${one.address}$`, 'm'))
      for (const line of [/^router=10\.0\.0\.1$/m, /^mtu=1442$/m, /^dns=10\.0\.0\.53$/m]) assert.match(stdout, line)
    }
  })

  it('three hosts: each reaches each, TCP too, and a host that leaves the network takes nothing from the others', async () => {
    await both(...blue)
    await third.ok(...blue)
    const all = [await connected(near, 'blue'), await connected(far, 'blue'), await connected(third, 'blue')]
    assert.equal(new Set(all.map(({ address }) => address)).size, 3)
    for (const [i, from] of all.entries()) {
      const to = all[(i + 1) % all.length] ?? assert.fail()
      assert.ok(await echoes(from, to.address), `${from.address} to ${to.address}`)
      assert.ok(await delivers(from, to, to.address, 512))
    }
    await third.ok('net', 'rm', 'blue', '--force')
    const [a, b] = all
    assert.ok(a && b && (await echoes(a, b.address)))
    assert.equal((await near.run('ovn-nbctl', 'lsp-list', 'ls-blue')).trim().split('\n').length, 2)
  })

  it('over vxlan: a larger MTU fits, and all of it gets through', async () => {
    for (const site of [near, far]) await site.ok('ovn', 'join', '--encap=vxlan')
    try {
      await both(...blue)
      const [a, b] = [await connected(near, 'blue'), await connected(far, 'blue')]
      assert.match((await a.run(['ip', 'link', 'show', 'eth1'])).stdout, / mtu 1450 /)
      assert.match(await near.run('ovs-vsctl', 'show'), /type: vxlan/)
      assert.ok(await echoes(a, b.address, { size: 1450 - 28 }))
      assert.ok(await delivers(a, b, b.address, 1024))
    } finally {
      await clear()
      for (const site of [near, far]) await site.ok('ovn', 'join', '--encap=geneve')
    }
  })

  it('led to a physical network: who is outside in its VLAN is reached, and in no other', async () => {
    const run = (line: string) => near.run('sh', '-c', line)
    await run('ip link add out0 type veth peer name out1 && ip netns add outside && ip link set out1 netns outside')
    await run('ip link set out0 up; ip -n outside link set out1 up; ip -n outside address add 10.7.0.200/24 dev out1')
    await run('ip netns exec outside ethtool -K out1 tx off')
    await run('ovs-vsctl add-br br-lan -- set Bridge br-lan datapath_type=netdev -- add-port br-lan out0 tag=100')
    try {
      await near.ok('ovn', 'join', '--bridge-mapping=lan:br-lan')
      await near.ok(
        'net',
        'create',
        'green',
        '--switch=ls-green',
        '--physnet=lan',
        '--vlan=100',
        '--subnet=10.7.0.0/24',
      )
      const a = await connected(near, 'green')
      assert.ok(await echoes(a, '10.7.0.200'))
      assert.ok(await delivers(a, placeOn(near.host, '/run/netns/outside'), '10.7.0.200', 256))
      await run('ovs-vsctl set Port out0 tag=101')
      assert.ok(!(await echoes(a, '10.7.0.200', { tries: 1 })))
      // What ovn-controller made towards br-lan is still there when the network has just gone.
      await near.ok('net', 'rm', 'green', '--force')
      const left = JSON.parse(await near.ok('ovn', 'leave', '--json')) as { bridgeRemoved: boolean }
      assert.equal(left.bridgeRemoved, true)
      assert.equal((await run('ovs-vsctl list-ports br-lan')).trim(), 'out0')
    } finally {
      await near.ok('ovn', 'join', `tcp:${near.address}`, '--insecure')
      await clear()
      await run('ovs-vsctl --if-exists del-br br-lan; ip netns del outside')
      await near.run('ovs-vsctl', 'remove', 'Open_vSwitch', '.', 'external_ids', 'ovn-bridge-mappings')
    }
  })

  it('what is typed wrong is said before anything is changed', async () => {
    const before = await northboundDump(near)
    const wrong: readonly (readonly [readonly string[], RegExp])[] = [
      [['--vlan=5'], /tunnels of OVN carry no VLANs/],
      [['--mode=nat'], /led out by a logical router/],
      [['--bridge=br7'], /integration bridge/],
      [
        ['--opt', 'ovn.nb_connection=tcp:172.30.0.5:6641'],
        /ovn\.nb_connection and ovn\.sb_connection are required when using ovn\.switch/,
      ],
      [['--dns=10.0.0.53'], /name servers are told by DHCP/],
      [['--vxlan=192.0.2.1', '--key=5'], /OVN makes the tunnels/],
    ]
    for (const [words, said] of wrong) {
      const { status, stderr } = await near.ovsd(...blue, ...words)
      assert.equal(status, 2, words.join(' '))
      assert.match(stderr, said)
    }
    await near.run('ovn-nbctl', 'ls-add', 'ls-foreign')
    const foreign = await near.ovsd('net', 'create', 'blue', '--switch=ls-foreign', '--json')
    assert.equal(errorOf(foreign).code, 'SwitchForeign')
    await near.run('ovn-nbctl', 'ls-del', 'ls-foreign')
    assert.equal(await northboundDump(near), before)
  })
})
