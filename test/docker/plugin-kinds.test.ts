// Kinds of networks that `docker network create -d ovsd` makes as `ovsd net create` does: flat, VXLAN, with IPv6 alone, and in a VRF.
import { strict as assert } from 'node:assert'
import { linksOf } from '../../src/lib/attach/endpoint.ts'
import { container, netnsOf } from '../support/containers.ts'
import { driverHolds } from '../support/driver-holds.ts'
import { holdsThroughout } from '../support/driver-suite.ts'
import { linksSeen } from '../support/inside-seen.ts'
import { switchedLan } from '../support/lan.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { bareNamespace } from '../support/namespace.ts'
import { comesTrue } from '../support/ovn.ts'
import { hears, pings } from '../support/outside.ts'
import { pairs } from '../support/pairs.ts'
import { delivers, echoes, placeOn, type Place } from '../support/place.ts'
import { called, dockerId } from '../support/plugin-call.ts'
import { tool, toolIn } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { underlay, type FarSite, type Site, type Underlay } from '../support/underlay.ts'
import { hostNow } from '../support/uplink.ts'
import { pluginOn, type SiteWatcher } from '../support/watch-on.ts'
import { plugin, type Watcher } from '../support/watch.ts'

describe('kinds of networks of Docker, on one host', function () {
  this.timeout(120_000)
  let driver: Watcher
  before(async () => {
    driver = await plugin()
  })
  after(() => driver[Symbol.asyncDispose]())
  const logs = holdsThroughout(() => driver)

  const create = (name: string, ...options: string[]): string =>
    tool('docker', 'network', 'create', '--driver=ovsd', ...options, name).trim()

  it('flat: containers speak with a machine of the LAN, in their VLAN, and are reached from there', async () => {
    logs.except(/VLAN 0 packet received on port nic| m\d+-\d+|from m\d+-\d+/)
    using net = switchedLan()
    const outside = net.machine(100, '203.0.113.9/24')
    const elsewhere = net.machine(0, '203.0.113.10/24')
    const before = hostNow()
    const lan = ['--subnet=203.0.113.0/24', '--ip-range=203.0.113.64/26', '--gateway=203.0.113.9']
    create('lan', ...lan, '--opt=mode=flat', '--opt=bridge=bflat', `--opt=uplink=${net.nic}`, '--opt=vlan=100')
    {
      using a = container('--network=lan')
      using b = container('--network=lan', '--ip=203.0.113.100')
      const [address = ''] = linksSeen(netnsOf(a.name)).get('eth0')?.addresses ?? []
      assert.match(address, /^203\.0\.113\.\d+\/24$/)
      assert.ok(answers(a.name, '203.0.113.9') && answers(a.name, '203.0.113.100'))
      assert.ok(pings(outside, '203.0.113.100'))
      assert.equal(await hears(outside, netnsOf(b.name), '203.0.113.100', 'into'), 'into')
      assert.equal(await hears(netnsOf(b.name), outside, '203.0.113.9', 'out'), 'out')
      assert.ok(!answers(a.name, '203.0.113.10', 1) && !pings(elsewhere, '203.0.113.100'))
    }
    tool('docker', 'network', 'rm', 'lan')
    assert.deepEqual(hostNow(), before)
  })

  it('docker-ovs-plugin: flat with a NIC to bind and an MTU, and nat, by the names of its options', async () => {
    logs.except(/ m\d+-\d+|from m\d+-\d+/)
    using net = switchedLan()
    const outside = net.machine(0, '203.0.113.9/24')
    const before = hostNow()
    const gopher = (...settings: string[]): string[] => settings.map((one) => `--opt=net.gopher.ovs.bridge.${one}`)
    const lan = ['--subnet=203.0.113.0/24', '--ip-range=203.0.113.64/26', '--gateway=203.0.113.9']
    create('lan', ...lan, ...gopher('name=bflat', 'mode=flat', `bind_interface=${net.nic}`, 'mtu=1400'))
    create('nat', '--subnet=172.18.40.0/24', ...gopher('name=bnat', 'mode=nat', 'mtu=1450'))
    {
      using a = container('--network=lan', '--ip=203.0.113.100')
      using b = container('--network=nat')
      assert.equal(tool('ovs-vsctl', 'port-to-br', net.nic).trim(), 'bflat')
      assert.deepEqual(
        [a, b].map(({ name }) => linksSeen(netnsOf(name)).get('eth0')?.mtu),
        [1400, 1450],
      )
      assert.ok(answers(a.name, '203.0.113.9') && pings(outside, '203.0.113.100'))
      assert.equal(await hears(outside, netnsOf(a.name), '203.0.113.100', 'into'), 'into')
      assert.ok(answers(b.name, '172.18.40.1'))
      assert.match(tool('ip', 'address', 'show', 'dev', 'bnat'), /inet 172\.18\.40\.1\/24/)
      assert.match(tool('nft', 'list', 'ruleset'), /172\.18\.40\.0\/24.*masquerade/)
      assert.doesNotMatch(tool('nft', 'list', 'ruleset'), /203\.0\.113\.0\/24.*masquerade/)
      driverHolds()
    }
    tool('docker', 'network', 'rm', 'lan', 'nat')
    assert.deepEqual(hostNow(), before)
  })

  it('named by an IPv6 subnet: containers reach each other and the gateway by IPv6, whatever IPv4 the engine adds', () => {
    const before = hostNow()
    create('six', '--ipv6', '--subnet=fd09::/64')
    {
      using a = container('--network=six')
      using b = container('--network=six', '--ip6=fd09::77')
      assert.ok(linksSeen(netnsOf(b.name)).get('eth0')?.addresses.includes('fd09::77/64'))
      assert.match(toolIn(netnsOf(a.name), 'ip', '-6', 'route', 'show', 'default'), /via fd09::1 dev eth0/)
      assert.ok(answers(a.name, 'fd09::77') && answers(a.name, 'fd09::1'))
    }
    tool('docker', 'network', 'rm', 'six')
    assert.deepEqual(hostNow(), before)
  })

  // `docker network create --ipv4=false` is of engine 28; this is what it says then.
  it('IPv6 alone: endpoints without any IPv4 have their routes, reach each other and the gateway', async () => {
    const before = hostNow()
    const [network, ids] = [dockerId('a'), ['7', '8'].map(dockerId)]
    await called('CreateNetwork', {
      NetworkID: network,
      Options: { 'com.docker.network.enable_ipv4': false, 'com.docker.network.enable_ipv6': true },
      IPv4Data: [],
      IPv6Data: [{ AddressSpace: 'LocalDefault', Pool: 'fd09::/64', Gateway: 'fd09::1/64', AuxAddresses: null }],
    })
    {
      using stack = new DisposableStack()
      const places: string[] = []
      for (const [i, id] of ids.entries()) {
        const AddressIPv6 = `fd09::${String(i + 10)}/64`
        const asked = { NetworkID: network, EndpointID: id, Options: {} }
        await called('CreateEndpoint', { ...asked, Interface: { Address: '', AddressIPv6, MacAddress: '' } })
        const join = await called('Join', { ...asked, SandboxKey: '/none' })
        assert.deepEqual([join['Gateway'] ?? '', join['GatewayIPv6']], ['', 'fd09::1'])
        const space = stack.use(bareNamespace())
        tool('ip', 'link', 'set', 'dev', linksOf(id).far, 'netns', space.name, 'name', 'eth0')
        toolIn(space.path, 'ip', 'address', 'add', AddressIPv6, 'dev', 'eth0', 'nodad')
        for (const link of ['lo', 'eth0']) toolIn(space.path, 'ip', 'link', 'set', link, 'up')
        toolIn(space.path, 'ip', '-6', 'route', 'add', 'default', 'via', 'fd09::1')
        places.push(space.path)
      }
      const [one = '', other = ''] = places
      const says = (place: string, to: string): boolean => [1, 2, 3].some(() => pings(place, to))
      assert.ok(says(one, 'fd09::11') && says(other, 'fd09::10') && says(one, 'fd09::1'))
      assert.equal(await hears(one, other, 'fd09::11', 'six'), 'six')
    }
    for (const id of ids) await called('DeleteEndpoint', { NetworkID: network, EndpointID: id })
    await called('DeleteNetwork', { NetworkID: network })
    assert.deepEqual(pairs(), [])
    assert.deepEqual(hostNow(), before)
  })
})

type Inside = Place & { readonly id: string; readonly address: string }

describe('kinds of networks of Docker, on two hosts', function () {
  this.timeout(120_000)
  let net: Underlay
  let near: Site
  let far: FarSite
  let drivers: readonly SiteWatcher[] = []
  before(async () => {
    net = await underlay(1, { services: 'docker' })
    near = net.near
    far = net.far[0] ?? assert.fail()
    drivers = await Promise.all(net.sites.map((site) => pluginOn(site)))
  })
  after(async () => {
    for (const driver of drivers) await driver[Symbol.asyncDispose]()
    await net[Symbol.asyncDispose]()
  })
  afterEach(async () => {
    driverHolds()
    for (const site of net.sites) {
      await site.run('sh', '-c', 'docker ps --all --quiet | xargs -r docker rm --force')
      await site.run('sh', '-c', 'docker network ls --quiet --filter=driver=ovsd | xargs -r docker network rm')
      assert.doesNotMatch(await site.ok('net', 'ls'), /plugin/)
    }
  })

  const create = (site: Site, name: string, ...options: string[]): Promise<string> =>
    site.run('docker', 'network', 'create', '--driver=ovsd', ...options, name)
  async function started(site: Site, network: string): Promise<Inside> {
    const sleep = ['busybox', '/bin/busybox', 'sleep', '100000']
    const id = (await site.run('docker', 'run', '--detach', `--network=${network}`, ...sleep)).trim()
    const format = '--format={{.State.Pid}} {{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}'
    const [pid = '', address = ''] = (await site.run('docker', 'inspect', format, id)).trim().split(' ')
    return { id, address, ...placeOn(site.host, `/proc/${pid}/ns/net`) }
  }

  it('VXLAN: containers of both hosts reach each other with all that they send, and no other network', async () => {
    for (const [site, other, range] of [
      [near, far, '10.0.0.0/25'],
      [far, near, '10.0.0.128/25'],
    ] as const)
      for (const [name, key, subnet] of [
        ['blue', '77', '10.0.0.0/24'],
        ['red', '78', '10.1.0.0/24'],
      ] as const)
        await create(
          ...([site, name, `--subnet=${subnet}`, `--ip-range=${range.replace('10.0.', subnet.slice(0, 5))}`] as const),
          ...['--gateway', subnet.replace('0/24', '1'), '--opt=mode=l2'],
          ...['--opt=bridge=bt0', `--opt=vxlan=${other.address}`, `--opt=key=${key}`],
        )
    const [a, b, c] = [await started(near, 'blue'), await started(far, 'blue'), await started(far, 'red')]
    assert.match((await a.run(['ip', 'link', 'show', 'eth0'])).stdout, / mtu 1450 /)
    assert.ok((await echoes(a, b.address)) && (await echoes(b, a.address)))
    assert.ok((await delivers(a, b, b.address, 1024)) && (await delivers(b, a, a.address, 1024)))
    // Not even when it has an address there.
    await c.run(['ip', 'address', 'add', '10.0.0.99/24', 'dev', 'eth0'])
    assert.ok(!(await echoes(a, '10.0.0.99', { tries: 1 })))
    await near.run('docker', 'restart', '--time=0', a.id)
    assert.ok(await echoes(b, a.address))
  })

  it('VRFs on OVN: equal subnets and addresses, each with its own switch that both hosts share, and apart', async () => {
    await near.ok('ovn', 'bootstrap', '--central=local', `--listen=${near.address}`, '--insecure')
    await far.ok('ovn', 'join', `tcp:${near.address}`, '--insecure')
    for (const site of net.sites)
      for (const vrf of ['red', 'green'])
        await create(
          ...([site, vrf, '--ipam-driver=ovsd', '--subnet=10.0.0.0/24'] as const),
          ...['--opt=ovn.switch=auto', `--opt=vrf=${vrf}`],
        )
    const switches = await near.run('ovn-nbctl', '--bare', '--columns=name,external_ids', 'list', 'Logical_Switch')
    for (const vrf of ['red', 'green'])
      assert.match(switches, new RegExp(`^ls-${vrf}-10\\.0\\.0\\.0-24$[^]*? vrf=${vrf}`, 'm'))
    const red = [await started(near, 'red'), await started(far, 'red')] as const
    const green = [await started(near, 'green'), await started(far, 'green')] as const
    assert.deepEqual(
      green.map(({ address }) => address),
      red.map(({ address }) => address),
    )
    for (const [one, other] of [red, green]) {
      await comesTrue(() => echoes(one, other.address), 'both reach each other')
      assert.ok(await delivers(one, other, other.address, 64))
    }
    logicalHolds()
    driverHolds()
    // Nobody of the other VRF has answered.
    await far.run('docker', 'rm', '--force', green[1].id)
    assert.ok(!(await echoes(green[0], red[1].address, { tries: 1 })))
    assert.ok(await echoes(red[0], red[1].address))
    for (const site of net.sites) {
      await site.run('sh', '-c', 'docker ps --quiet | xargs docker rm --force')
      await site.run('docker', 'network', 'rm', 'red', 'green')
    }
    for (const site of [far, near]) await site.ok('ovn', 'leave')
    await near.ok('ovn', 'teardown', '--delete-data')
  })
})
