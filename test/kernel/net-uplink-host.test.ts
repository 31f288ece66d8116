// The NIC that the host itself is reached by: refused, or moved with its addresses and routes, and moved back.
import { strict as assert } from 'node:assert'
import { execa, execaSync } from 'execa'
import { testBridge } from '../support/bridge.ts'
import { lan, type Lan } from '../support/lan.ts'
import { networkedNamespace } from '../support/namespace.ts'
import { pings } from '../support/outside.ts'
import { bridgesSeen, portsSeen } from '../support/ovs-rows.ts'
import { ovsd, PROGRAM } from '../support/ovsd.ts'
import { pingingIn } from '../support/pinging.ts'
import { tool } from '../support/tool.ts'
import { createFlat, hostNow, removeFlat, settle } from '../support/uplink.ts'

const force = { force: true }
const trunksOf = (nic: string) => portsSeen().find(({ port }) => port === nic)?.trunks

/** Expects net create to refuse, and the host to stay as it is; gives what it said. */
async function refused(code: string, make: () => Promise<unknown>): Promise<string> {
  const before = hostNow()
  let said = ''
  await assert.rejects(make(), (error: Error & { code: string; next: string }) => {
    assert.equal(error.code, code, error.message)
    said = `${error.message}\n${error.next}`
    return true
  })
  assert.deepEqual(hostNow(), before)
  return said
}

describe('the NIC of the host itself', function () {
  this.timeout(120_000)

  it('is refused, with every reason and what to type; the bridge that was made for it is gone again', async () => {
    using net = lan()
    settle(net)
    const said = await refused('UplinkUnsafe', () => createFlat({ name: 'blue', bridge: 'bflat', uplink: net.nic }))
    assert.match(
      said,
      /a default route of this host leads out by it; this host has 198\.51\.100\.1 peer \S+, 203\.0\.113\.1\/24, /,
    )
    assert.match(
      said,
      /--force, which moves its addresses and routes to bflat; with --confirm-within 60s .* ovsd net confirm blue/,
    )
    assert.doesNotMatch(said, /ssh/)
    const ssh = { SSH_CONNECTION: '198.51.100.7 50022 203.0.113.1 22' }
    const line = ['net', 'create', 'blue', '--bridge=bflat', `--uplink=${net.nic}`]
    assert.match(ovsd(line, ssh).stderr, /not safe to take: your ssh session comes in by it; /)
    // sudo takes the variable away; the shell that it was typed in still has it.
    const under = execaSync(
      'env',
      [
        `SSH_CONNECTION=${ssh.SSH_CONNECTION}`,
        'sh',
        '-c',
        `env -u SSH_CONNECTION ${[...PROGRAM, ...line].join(' ')}; true`,
      ],
      { reject: false },
    )
    assert.match(under.stderr, /not safe to take: your ssh session comes in by it; /)
  })

  it('with --force: every address and route moves, the machine outside keeps reaching them, and all comes back', async () => {
    using net = lan()
    settle(net)
    const before = hostNow()
    const addresses = ['203.0.113.1', '203.0.113.2', 'fd03::1', 'fd03::2']
    for (const address of addresses) assert.ok(pings(net.path, address), address)
    const mac = /ether (\S+)/.exec(tool('ip', 'link', 'show', net.nic))?.[1] ?? 'none'
    await createFlat({ name: 'blue', bridge: 'bflat', uplink: net.nic, vlan: '100' }, force)
    assert.deepEqual(trunksOf(net.nic), [0, 100])
    const on = (link: string): string => tool('ip', '-oneline', 'address', 'show', 'dev', link, 'scope', 'global')
    assert.equal(on(net.nic), '')
    for (const address of addresses) {
      assert.match(on('bflat'), new RegExp(`${address.replaceAll('.', String.raw`\.`)}/`))
      assert.ok(pings(net.path, address), address)
    }
    assert.match(tool('ip', 'link', 'show', 'bflat'), new RegExp(mac))
    // The kernel hears them by the bridge alone, although its userspace datapath leaves them to it on the NIC as well.
    const once = net.outside('busybox', 'ping', '-c', '5', '-i', '0.05', '203.0.113.1')
    assert.match(once, /5 packets transmitted, 5 packets received, 0% packet loss/)
    const routes = tool('ip', 'route', 'show', 'table', 'all') + tool('ip', '-6', 'route')
    for (const route of [
      'default via 203.0.113.9 dev bflat metric 50 mtu 1400',
      '192.0.2.0/24 via 203.0.113.9 dev bflat proto static src 203.0.113.2',
      '192.0.2.0/24 via 203.0.113.9 dev bflat table 77',
      'default via fd03::9 dev bflat metric 7',
      '2001:db8::/32 via fe80::9 dev bflat',
    ])
      assert.ok(routes.includes(route), `${route} is not in\n${routes}`)
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
  })

  it('a machine outside that asks each 20 ms loses nothing, on the way there and back', async () => {
    using bridge = testBridge()
    using net = lan()
    settle(net)
    const before = hostNow()
    for (const address of ['203.0.113.1', 'fd03::1']) {
      await using there = await pingingIn(net.path, address)
      await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic }, force)
      const going = await there.stop()
      await using back = await pingingIn(net.path, address)
      await removeFlat('blue')
      const coming = await back.stop()
      assert.deepEqual([going.lost, coming.lost], [0, 0], `of ${going.sent} and ${coming.sent} to ${address}`)
      assert.ok(going.sent > 5 && coming.sent > 5)
    }
    assert.deepEqual(hostNow(), before)
  })

  it('a TCP connection from outside goes on, there and back', async () => {
    using bridge = testBridge()
    using net = lan()
    settle(net)
    const words = (n: number): string => `${'x'.repeat(4000)} ${n}\n`
    const server = execa('busybox', ['timeout', '30', 'busybox', 'nc', '-l', '-p', '9000'], {
      stripFinalNewline: false,
    })
    for (let tries = 0; tries < 200 && !tool('ss', '-lnt').includes(':9000 '); tries++) tool('sleep', '0.02')
    const client = execa('nsenter', [
      `--net=${net.path}`,
      'busybox',
      'timeout',
      '30',
      'busybox',
      'nc',
      '203.0.113.1',
      '9000',
    ])
    client.stdin.write(words(1))
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic }, force)
    client.stdin.write(words(2))
    await removeFlat('blue')
    client.stdin.end(words(3))
    assert.equal((await server).stdout, words(1) + words(2) + words(3))
    await client
  })

  it('another network on the NIC needs no force any more; the host stays until the last one goes', async () => {
    using bridge = testBridge()
    using net = lan()
    settle(net)
    const before = hostNow()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic, vlan: '100' }, force)
    await createFlat({ name: 'red', bridge: bridge.name, uplink: net.nic, vlan: '200' })
    assert.deepEqual(trunksOf(net.nic), [0, 100, 200])
    await removeFlat('blue')
    assert.deepEqual(trunksOf(net.nic), [0, 200])
    assert.ok(pings(net.path, '203.0.113.1'))
    await removeFlat('red')
    assert.deepEqual(hostNow(), before)
  })

  it('the untagged traffic of the bridge is the host’s then: no other network gets it, and who has it keeps it', async () => {
    using net = lan()
    settle(net)
    await createFlat({ name: 'blue', bridge: 'bflat', uplink: net.nic, vlan: '100' }, force)
    assert.equal(
      (JSON.parse(ovsd(['net', 'create', 'red', '--bridge=bflat', '--json']).stdout) as { vlan: number }).vlan,
      2,
    )
    await removeFlat('red')
    await removeFlat('blue')
    assert.equal(ovsd(['net', 'create', 'red', '--bridge=bflat']).status, 0)
    const said = await refused('SegmentTaken', () =>
      createFlat({ name: 'blue', bridge: 'bflat', uplink: net.nic, vlan: '100' }, force),
    )
    assert.match(said, /untagged traffic of bflat, which this host would join, is the network red/)
    await removeFlat('red')
  })

  it('a reboot puts the addresses on the NIC again: the same net create, without force, moves them again', async () => {
    using bridge = testBridge()
    using net = lan()
    settle(net)
    const before = hostNow()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic }, force)
    // What a reboot leaves: Open vSwitch's database, and what the distribution configures.
    for (const link of [bridge.name, net.nic]) tool('ip', 'address', 'flush', 'dev', link, 'scope', 'global')
    tool('ip', 'link', 'set', bridge.name, 'down')
    tool('nft', 'delete', 'table', 'netdev', `ovsd_uplink_${net.nic}`)
    settle(net)
    tool('ip', 'address', 'add', '203.0.113.3/24', 'dev', net.nic)
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic })
    for (const address of ['203.0.113.1', '203.0.113.3', 'fd03::1']) assert.ok(pings(net.path, address), address)
    assert.doesNotMatch(tool('ip', 'address', 'show', 'dev', net.nic), /203\.0\.113/)
    await removeFlat('blue')
    tool('ip', 'address', 'del', '203.0.113.3/24', 'dev', net.nic)
    assert.deepEqual(hostNow(), before)
  })

  it('what cannot be moved is refused in spite of --force, and can be after what is advised', async () => {
    using bridge = testBridge()
    using net = lan()
    const make = (bridgeName = bridge.name) => createFlat({ name: 'blue', bridge: bridgeName, uplink: net.nic }, force)
    tool('ip', 'address', 'add', '203.0.113.1/24', 'dev', net.nic, 'valid_lft', '3600', 'preferred_lft', '1800')
    assert.match(await refused('UplinkUnmovable', make), /203\.0\.113\.1\/24 is a lease/)
    tool(
      'ip',
      'address',
      'change',
      '203.0.113.1/24',
      'dev',
      net.nic,
      'valid_lft',
      'forever',
      'preferred_lft',
      'forever',
    )
    const odd = [
      '192.0.2.0/24',
      'nexthop',
      'via',
      '203.0.113.8',
      'dev',
      net.nic,
      'nexthop',
      'via',
      '203.0.113.9',
      'dev',
      net.nic,
    ]
    tool('ip', 'route', 'add', ...odd)
    assert.match(await refused('UplinkUnmovable', make), /the route "unicast 192\.0\.2\.0\/24 .*leads several ways/)
    tool('ip', 'route', 'del', '192.0.2.0/24')
    tool('ovs-vsctl', 'set', 'Bridge', bridge.name, 'other_config:hwaddr="02:00:00:00:00:07"')
    assert.match(await refused('UplinkUnmovable', make), /a MAC of its own, 02:00:00:00:00:07/)
    tool(
      'ovs-vsctl',
      'remove',
      'Bridge',
      bridge.name,
      'other_config',
      'hwaddr',
      '--',
      'set',
      'Interface',
      bridge.name,
      'mtu_request=1400',
    )
    assert.match(await refused('UplinkUnmovable', make), /an MTU of its own, 1400/)
    tool('ovs-vsctl', 'clear', 'Interface', bridge.name, 'mtu_request')
    tool('ip', 'link', 'set', net.nic, 'down')
    assert.match(await refused('UplinkUnmovable', make), /it is down/)
    tool('ip', 'link', 'set', net.nic, 'up')
    tool(
      'ip',
      '-6',
      'address',
      'add',
      'fd03::5/64',
      'dev',
      net.nic,
      'nodad',
      'valid_lft',
      '3600',
      'preferred_lft',
      '1800',
    )
    await make()
    assert.match(
      tool('ip', 'address', 'show', 'dev', bridge.name),
      /fd03::5\/64 [^\n]*\n +valid_lft 3[56]\d\dsec preferred_lft 1[78]\d\dsec/,
    )
    await removeFlat('blue')
    assert.match(tool('ip', 'address', 'show', 'dev', net.nic), /fd03::5\/64 [^\n]*\n +valid_lft 3[56]\d\dsec/)
  })
})

describe('what can be no uplink', () => {
  const cases: readonly (readonly [
    title: string,
    code: string,
    words: RegExp,
    prepare: (net: Lan, held: DisposableStack) => string,
  ])[] = [
    ['nothing', 'UplinkMissing', /has no NIC eno9/, () => 'eno9'],
    [
      'no Ethernet',
      'UplinkUnfit',
      /it is not Ethernet/,
      (_, held) => {
        tool('ip', 'tuntap', 'add', 'tun7', 'mode', 'tun')
        held.defer(() => tool('ip', 'link', 'del', 'tun7'))
        return 'tun7'
      },
    ],
    [
      'a member of a bridge of the kernel',
      'UplinkTaken',
      /belongs to lbr7/,
      ({ nic }, held) => {
        tool('ip', 'link', 'add', 'lbr7', 'type', 'bridge')
        held.defer(() => tool('ip', 'link', 'del', 'lbr7'))
        tool('ip', 'link', 'set', nic, 'master', 'lbr7')
        return nic
      },
    ],
    [
      'a port of another bridge',
      'UplinkTaken',
      /belongs to obr7\.\n.*del-port obr7/,
      ({ nic }, held) => {
        tool(
          'ovs-vsctl',
          'add-br',
          'obr7',
          '--',
          'set',
          'Bridge',
          'obr7',
          'datapath_type=netdev',
          '--',
          'add-port',
          'obr7',
          nic,
        )
        held.defer(() => tool('ovs-vsctl', 'del-br', 'obr7'))
        return nic
      },
    ],
    [
      'the own port of a bridge',
      'UplinkUnfit',
      /the own port of a bridge/,
      (_, held) => {
        tool('ovs-vsctl', 'add-br', 'obr7', '--', 'set', 'Bridge', 'obr7', 'datapath_type=netdev')
        held.defer(() => tool('ovs-vsctl', 'del-br', 'obr7'))
        return 'obr7'
      },
    ],
    [
      'the port of a container',
      'UplinkUnfit',
      /the port of a container/,
      (_, held) => {
        const space = held.use(networkedNamespace())
        const line = ['add-port', 'bflat', 'eth1', space.name, `--netns=${space.path}`]
        assert.equal(ovsd(line).status, 0)
        held.defer(() => ovsd(['del-port', 'bflat', 'eth1', space.name]))
        held.defer(() => bridgesSeen().some(({ name }) => name === 'bflat') && tool('ovs-vsctl', 'del-br', 'bflat'))
        return portsSeen().find(({ ids }) => ids['ovsd_id'] === space.name)?.port ?? ''
      },
    ],
    [
      'a pair that a killed run left',
      'UplinkUnfit',
      /the end of a pair that ovsd made/,
      (_, held) => {
        tool('ip', 'link', 'add', 'left7', 'type', 'veth', 'peer', 'name', 'left8')
        held.defer(() => tool('ip', 'link', 'del', 'left7'))
        tool('ip', 'link', 'set', 'left7', 'alias', 'ovsd/0123456789ab/eth1')
        return 'left7'
      },
    ],
    [
      'a NIC of a network on another bridge',
      'UplinkTaken',
      /belongs to obr7\./,
      ({ nic }, held) => {
        assert.equal(ovsd(['net', 'create', 'other', '--bridge=obr7', `--uplink=${nic}`]).status, 0)
        held.defer(() => ovsd(['net', 'rm', 'other']))
        return nic
      },
    ],
  ]
  for (const [title, code, words, prepare] of cases)
    it(title, async () => {
      using held = new DisposableStack()
      using net = lan()
      const nic = prepare(net, held)
      const said = await refused(code, () => createFlat({ name: 'blue', bridge: 'bflat', uplink: nic }, force))
      assert.match(said, words)
    })

  it('a smaller MTU than the network’s, said or not', async () => {
    using net = lan({ mtu: 1400 })
    const make = (mtu?: string) => createFlat({ name: 'blue', bridge: 'bflat', uplink: net.nic, mtu })
    assert.match(
      await refused('UplinkMtu', () => make()),
      /an MTU of 1400, the network 1500\.\nip link set dev nic\S+ mtu 1500, or --mtu 1400/,
    )
    await refused('UplinkMtu', () => make('1450'))
    await make('1400')
    await removeFlat('blue')
  })
})
