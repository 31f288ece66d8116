// What networks of Docker on OVN may ask for besides, with a real engine on each of two hosts: tunnels by VXLAN, both IP versions, DHCP of
// both, mirrors, and routes.
import { strict as assert } from 'node:assert'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { driverHolds } from '../support/driver-holds.ts'
import { logicalHolds } from '../support/logical-invariants.ts'
import { comesTrue } from '../support/ovn.ts'
import { ovnDrivers, type OvnDrivers } from '../support/ovn-drivers.ts'
import { delivers, echoes, placeOn, type Place } from '../support/place.ts'
import type { FarSite, Site } from '../support/underlay.ts'

const CLIENT6 = fileURLToPath(new URL('../support/dhcp6-client.ts', import.meta.url))

type Inside = Place & { readonly id: string; readonly address: string; readonly address6: string }

describe('kinds of networks of Docker, on OVN', function () {
  this.timeout(120_000)
  let world: OvnDrivers
  let near: Site
  let far: FarSite
  before(async () => {
    world = await ovnDrivers('--encap=vxlan')
    ;({ near, far } = world)
  })
  after(() => world[Symbol.asyncDispose]())
  afterEach(() => {
    driverHolds()
    logicalHolds()
    return world.clear()
  })

  const create = (site: Site, name: string, ...options: string[]): Promise<string> =>
    site.run('docker', 'network', 'create', '--driver=ovsd', `--opt=ovn.switch=ls-${name}`, ...options, name)
  async function started(site: Site, network: string, ...options: string[]): Promise<Inside> {
    const words = [`--network=${network}`, ...options, 'busybox', '/bin/busybox', 'sleep', '100000']
    const id = (await site.run('docker', 'run', '--detach', ...words)).trim()
    const format = `--format={{.State.Pid}} {{with index .NetworkSettings.Networks "${network}"}}{{.IPAddress}} {{.GlobalIPv6Address}}{{end}}`
    const [pid = '', address = '', address6 = ''] = (await site.run('docker', 'inspect', format, id)).trim().split(' ')
    return { id, address, address6, ...placeOn(site.host, `/proc/${pid}/ns/net`) }
  }
  const says = async (one: Place, ...argv: string[]): Promise<string> => (await one.run(argv)).stdout

  it('ovn.encap=vxlan: hosts have tunnels of VXLAN, and a packet as large as they take gets through', async () => {
    const other = await create(near, 'blue', '--subnet=10.0.0.0/24', '--opt=ovn.encap=geneve').catch(String)
    assert.match(other, /--opt ovn\.encap=geneve: this host has vxlan, for all of its networks/)
    for (const site of world.sites)
      await create(site, 'blue', '--ipam-driver=ovsd', '--subnet=10.0.0.0/24', '--opt=ovn.encap=vxlan')
    const [a, b] = [await started(near, 'blue'), await started(far, 'blue')]
    assert.match(await says(a, 'ip', 'link', 'show', 'eth0'), / mtu 1450 /)
    assert.match(await near.run('ovs-vsctl', 'show'), /type: vxlan/)
    await comesTrue(() => echoes(a, b.address, { size: 1450 - 28, tries: 1 }), 'a large packet')
    assert.ok(await delivers(b, a, a.address, 512))
  })

  it('both IP versions: containers of two hosts reach each other by each, and DHCP and DHCPv6 tell them their own', async () => {
    const subnets = ['--ipv6', '--subnet=10.0.0.0/24', '--subnet=fd05::/64', '--gateway=10.0.0.1', '--gateway=fd05::1']
    for (const site of world.sites)
      await create(site, 'dual', '--ipam-driver=ovsd', ...subnets, '--opt=dhcp=ovn', '--opt=dns=10.0.0.53,fd05::53')
    const [a, b] = [await started(near, 'dual'), await started(far, 'dual')]
    for (const one of [a, b]) assert.match(`${one.address} ${one.address6}`, /^10\.0\.0\.\d+ fd05::\S+$/)
    for (const to of [b.address, b.address6]) await comesTrue(() => echoes(a, to, { tries: 1 }), `a reaches ${to}`)
    assert.ok(await delivers(b, a, a.address6, 256))
    for (const one of [a, b]) {
      const four = await one.run(['busybox', 'udhcpc', '-i', 'eth0', '-n', '-q', '-f', '-t', '5', '-s', '/bin/true'])
      assert.match(four.stdout + four.stderr, new RegExp(`lease of ${one.address.replaceAll('.', '\\.')} obtained`))
      const answer = await says(one, 'timeout', '20', process.execPath, CLIENT6, 'eth0')
      const { types, options } = JSON.parse(answer) as { types: number[]; options: Record<string, string> }
      assert.deepEqual(types, [2, 7], 'ADVERTISE, REPLY')
      // An address of RFC 8415, 21.6, in the association of 21.4.
      const [, hex = ''] = /00050018([0-9a-f]{32})/.exec(options['3'] ?? '') ?? []
      const groups = hex.match(/..../g)?.join(':') ?? ''
      const told = await says(one, 'ip', '-json', '-6', 'address', 'show', 'to', `${groups}/128`)
      assert.ok(told.includes(`"${one.address6}"`), `${groups} of ${one.address6}: ${told}`)
      assert.match(options['23'] ?? '', /^fd05.*53$/)
    }
  })

  it('a mirror is of one host: another host is in the same network without, and what it sends there is copied', async () => {
    const words = ['--ipam-driver=ovsd', '--subnet=10.0.0.0/24']
    await create(near, 'seen', ...words, '--opt=mirror.ports=all', '--opt=mirror.dest=mon')
    await create(far, 'seen', ...words)
    const [a, b] = [await started(near, 'seen'), await started(far, 'seen')]
    const mon = await started(near, 'seen', '--name=mon')
    const isMade = async (): Promise<boolean> => (await near.ok('mirror', 'ls')).includes(' ok')
    await comesTrue(isMade, 'the mirror')
    await comesTrue(() => echoes(b, a.address, { tries: 1 }), 'both reach each other')
    const dump = ['timeout', '20', 'tcpdump', '-i', 'eth0', '-n', '-l', '-c', '2', 'icmp']
    const [copies] = await Promise.all([says(mon, ...dump), pause(1000).then(() => echoes(b, a.address))])
    assert.match(copies, new RegExp(`${b.address} > ${a.address}: ICMP echo request[^]*echo reply`))
    assert.doesNotMatch(await far.ok('mirror', 'ls'), /seen|mon/)
  })

  it('routes: a container whose default route is another network’s reaches by them what is behind the router', async () => {
    const routed = (name: string, subnet: string, ...more: string[]) =>
      create(near, name, '--ipam-driver=ovsd', `--subnet=${subnet}`, '--opt=ovn.router=lr-x', ...more)
    await routed('one', '10.0.0.0/24', '--gateway=10.0.0.1', '--opt=routes=10.1.0.0/24,10.0.0.1;10.7.0.0/16')
    await routed('other', '10.1.0.0/24', '--gateway=10.1.0.1')
    const [a, b] = [await started(near, 'one'), await started(near, 'other')]
    const routes = await says(a, 'ip', 'route')
    assert.match(routes, /^10\.1\.0\.0\/24 via 10\.0\.0\.1 dev eth0/m)
    assert.match(routes, /^10\.7\.0\.0\/16 dev eth0/m)
    await a.run(['ip', 'route', 'del', 'default'])
    await comesTrue(() => echoes(a, b.address, { tries: 1 }), 'what is behind the router')
    await a.run(['ip', 'route', 'del', '10.1.0.0/24'])
    assert.ok(!(await echoes(a, b.address, { tries: 1 })))
    for (const to of ['10.1.0.0/24', 'default']) await a.run(['ip', 'route', 'add', to, 'via', '10.0.0.1'])
  })
})
