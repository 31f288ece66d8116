import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseNetwork } from '../../src/lib/net/cidr.ts'
import { openHost } from '../../src/lib/host.ts'
import { parseIp } from '../../src/lib/net/ip-address.ts'
import { change } from '../../src/lib/ovn/change.ts'
import { dropPort } from '../../src/lib/ovn/nb/addresses.ts'
import { dhcpOptions, dhcpServerMac } from '../../src/lib/ovn/nb/dhcp-options.ts'
import { portAt, portNamed, renewPort } from '../../src/lib/ovn/nb/logical-port.ts'
import { switchAt, type LogicalSwitch } from '../../src/lib/ovn/nb/logical-switch.ts'
import { newUuid } from '../../src/lib/ovsdb/operations.ts'
import { logicalDhcpSet } from '../../src/lib/plan/steps/logical-dhcp-set.ts'
import { logicalPortWait } from '../../src/lib/plan/steps/logical-port-wait.ts'
import { logicalSwitchRemove } from '../../src/lib/plan/steps/logical-switch-remove.ts'
import { openCloud, plug, station, systemIdOf, type Cloud, type Station } from '../support/logical.ts'
import { idOf, madeSwitch, pool, portOf, signal } from '../support/northbound.ts'
import { comesTrue, OVN_CTL, startCentral, startControllers } from '../support/ovn.ts'
import { underlay, type Underlay } from '../support/underlay.ts'

const CLIENT6 = fileURLToPath(new URL('../support/dhcp6-client.ts', import.meta.url))
const wanted = { asked: [], pools: ['10.5.0.0/24', 'fd05::/64'].map(pool) }
const ip = (words: string) => parseIp(words, 'test')

describe('logical networks that carry frames', function () {
  this.timeout(120_000)
  let hosts: Underlay
  let cloud: Cloud
  let ls: LogicalSwitch
  let [a, b]: Station[] = []
  const ended: (() => unknown)[] = []
  const ovs = openHost()
  const wait = ({ port }: Pick<Station, 'port'>, limitMs = 15_000) =>
    logicalPortWait(cloud.southbound, { ...port, limitMs })
  /** The same on its host, with a look at its Open vSwitch. */
  const waitHere = ({ port }: Pick<Station, 'port'>, limitMs = 15_000) =>
    logicalPortWait(cloud.southbound, { ...port, limitMs }, ovs.ovs)

  before(async () => {
    hosts = await underlay(1)
    const central = await startCentral(hosts.near)
    const controllers = await startControllers(hosts.near, hosts.sites)
    cloud = openCloud(hosts.near)
    ended.push(
      () => hosts[Symbol.asyncDispose](),
      () => central[Symbol.asyncDispose](),
      () => controllers[Symbol.asyncDispose](),
      () => cloud[Symbol.dispose](),
      () => ovs[Symbol.dispose](),
      // Those of the other host go with it, and links with their namespaces.
      () => hosts.near.run('sh', '-c', 'ip netns list | cut -d" " -f1 | xargs -r -n1 ip netns del'),
    )
    ls = await madeSwitch(cloud.nb, 'blue')
    a = await station(cloud, hosts.near, ls.uuid, 1, wanted)
    b = await station(cloud, hosts.far[0] ?? hosts.near, ls.uuid, 2, wanted)
  })
  after(async () => {
    for (const end of ended.reverse()) await end()
  })
  const both = (): readonly [Station, Station] => {
    assert.ok(a && b)
    return [a, b]
  }

  it('a port is waited for until it works, and then is done', async () => {
    for (const one of both()) {
      const step = wait(one)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
    }
    const up = async (one: Station) => (await portAt(cloud.nb, one.port.uuid))?.up === true
    for (const one of both()) await comesTrue(() => up(one), 'the northbound database says that it is up', 5)
  })

  it('ping and TCP cross from host to host', async () => {
    const [one, other] = both()
    for (const { text } of other.addresses) assert.ok(await one.reaches(text), text)
    const four = other.addresses[0]?.text ?? ''
    const listening = other.inside('timeout', '20', 'busybox', 'nc', '-l', '-p', '9000', '-e', 'busybox', 'sha256sum')
    await comesTrue(async () => (await other.inside('ss', '-lnt')).includes(':9000 '), 'nc listens')
    const sent = 'head -c 500000 /dev/zero | tr "\\0" x'
    const got = await one.inside('sh', '-c', `${sent} | timeout 20 busybox nc ${four} 9000`)
    await listening.catch(() => undefined)
    assert.equal(got.split(' ')[0], (await one.site.run('sh', '-c', `${sent} | sha256sum`)).split(' ')[0])
  })

  it('a wrong source address, and a wrong source MAC, do not cross', async () => {
    const [one, other] = both()
    const target = other.addresses[0]?.text ?? ''
    await one.inside('ip', 'address', 'add', '10.5.0.200/24', 'dev', 'eth1')
    assert.equal(await one.reaches(target, '-I', '10.5.0.200'), false)
    await one.inside('ip', 'address', 'del', '10.5.0.200/24', 'dev', 'eth1')
    assert.ok(await one.reaches(target))
    await one.inside('ip', 'link', 'set', 'eth1', 'address', '02:00:00:00:00:99')
    assert.equal(await one.reaches(target), false)
    await one.inside('ip', 'link', 'set', 'eth1', 'address', one.port.mac)
    assert.ok(await one.reaches(target))
  })

  it('an interface of somebody else on another host does not get it; on its own host one can, and the wait says so', async () => {
    const [one, other] = both()
    const target = other.addresses[0]?.text ?? ''
    const claim = (site: Station['site'], name: string, generation: string) =>
      site.run(
        ...['ovs-vsctl', 'add-port', 'br-int', name, '--', 'set', 'Interface', name, 'type=internal'],
        ...[`external_ids:iface-id=${one.port.name}`, `external_ids:iface-id-ver="${generation}"`],
      )
    // It knows the life, and is turned away, because the port is meant to be elsewhere.
    await claim(other.site, 'thief', one.port.generation)
    assert.ok(await one.reaches(target))
    assert.ok(await other.reaches(one.addresses[0]?.text ?? ''))
    assert.equal(await wait(one).isDone(signal), true)
    await other.site.run('ovs-vsctl', 'del-port', 'thief')
    // OVN 23.03 lets go of the right one when a wrong one comes after it.
    await claim(one.site, 'twin', '2020-01-01T00:00:00Z')
    await assert.rejects(waitHere(one, 1500).apply(signal), { code: 'PortNotUp' })
    await one.site.run('ovs-vsctl', 'del-port', 'twin')
    await waitHere(one).apply(signal)
    assert.ok(await one.reaches(target))
  })

  it('a port of an earlier life does not get the binding, and the wait says that nobody claims it', async () => {
    const site = hosts.near
    const three = await station(cloud, site, ls.uuid, 3, wanted)
    await waitHere(three).apply(signal)
    const now = await portNamed(cloud.nb, three.port.name)
    assert.ok(now)
    const life = { chassis: three.port.chassis, generation: '2026-02-02T00:00:00Z' }
    await change(cloud.nb, renewPort(now, life), signal)
    const later = { port: { ...three.port, ...life } }
    await assert.rejects(waitHere(later, 1500).apply(signal), {
      code: 'PortNotUp',
      message: /no interface of this host has its iface-id and iface-id-ver/,
    })
    // By now the host has let go of it, which central alone says, too.
    await assert.rejects(wait(later, 500).apply(signal), {
      code: 'PortNotUp',
      message: /does not claim it: .*iface-id-ver/,
    })
    assert.equal(await three.reaches(both()[1].addresses[0]?.text ?? ''), false)
    // The new life comes while the old port is still there.
    await site.run('ip', 'link', 'add', 'l3b', 'type', 'veth', 'peer', 'name', 'eth2', 'netns', 's3')
    await three.inside('ethtool', '-K', 'eth2', 'tx', 'off')
    await three.inside('ip', 'address', 'flush', 'dev', 'eth1')
    await three.inside('ip', 'link', 'set', 'eth2', 'address', three.port.mac, 'up')
    await site.run('ip', 'link', 'set', 'l3b', 'up')
    for (const { text, family } of three.addresses.filter((one) => one.family === 4))
      await three.inside('ip', 'address', 'add', `${text}/${family === 4 ? 24 : 64}`, 'dev', 'eth2')
    await plug(site, 'l3b', three.port.name, life.generation)
    await waitHere(later).apply(signal)
    assert.ok(await three.reaches(both()[1].addresses[0]?.text ?? ''))
    await site.run('ovs-vsctl', 'del-port', 'l3')
    assert.ok(await three.reaches(both()[1].addresses[0]?.text ?? ''))
    assert.equal(await waitHere(later).isDone(signal), true)
  })

  it('the wait says which host has the port, that a host is no chassis, and that no northd is at work', async () => {
    const [, other] = both()
    const now = await portNamed(cloud.nb, other.port.name)
    assert.ok(now)
    const pid = (await other.site.run('cat', '/run/ovn/ovn-controller.pid')).trim()
    const near = await systemIdOf(hosts.near)
    const moved = { port: { ...other.port, chassis: near, generation: 'moved' } }
    const refused = (one: Pick<Station, 'port'>, message: RegExp) =>
      assert.rejects(wait(one, 1000).apply(signal), { code: 'PortNotUp', message })
    await other.site.run('kill', '-STOP', pid)
    try {
      await change(cloud.nb, renewPort(now, moved.port), signal)
      await refused(moved, new RegExp(`the host ${other.port.chassis} has it, and not ${near}`))
      await hosts.near.run('ovn-appctl', '-t', 'ovn-northd', 'exit')
      const back = await portNamed(cloud.nb, other.port.name)
      assert.ok(back)
      await change(cloud.nb, renewPort(back, other.port), signal)
      await refused(other, /no ovn-northd is at work to take its change up/)
      await refused({ port: portOf(77) }, /no ovn-northd is at work to take it up/)
    } finally {
      await other.site.run('kill', '-CONT', pid)
      await hosts.near.run(OVN_CTL, 'start_northd')
    }
    await wait(other).apply(signal)
    const nobody = { port: { ...(await station(cloud, hosts.near, ls.uuid, 78, wanted)).port, chassis: 'nowhere' } }
    const port = await portNamed(cloud.nb, nobody.port.name)
    assert.ok(port)
    await change(cloud.nb, renewPort(port, nobody.port), signal)
    await refused(nobody, /nowhere, is no chassis of this central|the host .* has it, and not nowhere/)
  })

  it('DHCP answers with the address, the router, the MTU and the name servers; DHCPv6 with address and name servers', async () => {
    const network = idOf(1)
    const rows = [
      { cidr: '10.5.0.0/24', gateway: ip('10.5.0.1'), dns: [ip('192.0.2.53'), ip('192.0.2.54')], mtu: 1442 },
      { cidr: 'fd05::/64', dns: [ip('fd05::53')] },
    ].map((words) => ({
      uuid: newUuid(),
      cidr: words.cidr,
      options: dhcpOptions(network, { ...words, cidr: parseNetwork(words.cidr, 'test') }),
    }))
    await logicalDhcpSet(cloud.nb, { network, name: 'blue', wanted: rows, rows: [] }).apply(signal)
    const dhcp = { v4: rows[0]?.uuid, v6: rows[1]?.uuid }
    const four = await station(cloud, hosts.near, ls.uuid, 4, wanted, dhcp)
    await wait(four).apply(signal)
    const script = '/run/udhcpc-told'
    writeFileSync(
      script,
      '#!/bin/sh\n[ "$1" = bound ] && env | grep -E "^(ip|router|mtu|dns|lease|serverid|mask)="\nexit 0\n',
      {
        mode: 0o755,
      },
    )
    const said = await four.inside(
      'timeout',
      '20',
      'busybox',
      'udhcpc',
      '-i',
      'eth1',
      '-f',
      '-n',
      '-q',
      '-O',
      'mtu',
      '-s',
      script,
    )
    const told: Record<string, string> = {}
    for (const [, key = '', value = ''] of said.matchAll(/^(\w+)=(.*)$/gm)) told[key] = value
    assert.deepEqual(told, {
      ...{ ip: four.addresses[0]?.text, router: '10.5.0.1', mtu: '1442', dns: '192.0.2.53 192.0.2.54' },
      ...{ lease: '3600', serverid: '10.5.0.1', mask: '24' },
    })
    // A link-local address to ask from comes a moment after the link. Words after the scope: newer ip ends with "proto kernel_ll".
    await comesTrue(
      async () =>
        /inet6 fe80\S+ scope link(?!.*tentative)/.test(await four.inside('ip', '-6', 'address', 'show', 'dev', 'eth1')),
      'a link-local address',
    )
    const answer = await four.inside('timeout', '20', process.execPath, CLIENT6, 'eth1')
    const { types, options } = JSON.parse(answer) as { types: number[]; options: Record<string, string> }
    assert.deepEqual(types, [2, 7], 'ADVERTISE, REPLY')
    const hex = (text: string): string => ip(text).bits.toString(16).padStart(32, '0')
    assert.ok(options['3']?.includes(`00050018${hex(four.addresses[1]?.text ?? '')}`), answer)
    assert.equal(options['23'], hex('fd05::53'))
    assert.ok(options['2']?.endsWith(dhcpServerMac(network).replaceAll(':', '')), answer)
  })

  it('a port that is removed carries nothing more; with the network all of it is gone', async () => {
    const [one, other] = both()
    await dropPort(cloud.nb, ls, other.port.uuid, signal)
    await comesTrue(async () => !(await one.reaches(other.addresses[0]?.text ?? '')), 'it is not reached')
    const now = await switchAt(cloud.nb, ls.uuid)
    assert.ok(now)
    await (await logicalSwitchRemove(cloud.nb, now, 'hv1')).apply(signal)
    for (const table of ['Logical_Switch', 'Logical_Switch_Port', 'DHCP_Options'])
      assert.equal(await hosts.near.run('ovn-nbctl', '--bare', '--columns=_uuid', 'list', table), '')
  })
})
