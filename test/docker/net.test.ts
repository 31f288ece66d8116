// Networks with a name, with real containers: addresses, isolation, and that nothing is left.
import { strict as assert } from 'node:assert'
import { listed } from '../support/attachments.ts'
import { eachKill } from '../support/each-kill.ts'
import { container, inside, netnsOf } from '../support/containers.ts'
import { hostView, type HostView, type LogEnds } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { together } from '../support/labelled.ts'
import { json, ok, ovsd, start } from '../support/ovsd.ts'
import { sniffer } from '../support/sniffer.ts'
import { tool } from '../support/tool.ts'
import { answers } from '../support/traffic.ts'
import { watch } from '../support/watch.ts'

interface Connected {
  readonly addresses: readonly string[]
  readonly gateways: readonly string[]
  readonly interface: string
  readonly port: string
  readonly vlan: string
}

/** A network of its own bridge that nothing connects to the world, gone with it at the end of a `using` block. */
function network(name: string, ...args: string[]): Disposable {
  ok('net', 'create', name, '--mode=l2', ...args)
  return {
    [Symbol.dispose]() {
      if (ovsd(['net', 'inspect', name]).status === 0) ok('net', 'rm', name, '--force')
    },
  }
}

/** What has to be as before; the logs of Open vSwitch grow. */
const shape = (view: HostView & LogEnds) => ({ ...view, ends: undefined })
const connect = (...args: string[]) => json('net', 'connect', ...args) as Connected
const networks = () => (json('net', 'ls') as { networks: readonly Readonly<Record<string, unknown>>[] }).networks
const bridges = (): string => tool('ovs-vsctl', 'list-br').trim()
const pings = (from: string, to: string): boolean => {
  try {
    inside(from, 'ping', '-c', '1', '-W', '1', to)
    return true
  } catch {
    return false
  }
}

describe('net', () => {
  it('create, ls, inspect and rm: with its bridge, and without a trace', () => {
    const before = shape(hostView())
    ok(
      'net',
      'create',
      'blue',
      '--bridge=bn0',
      '--mode=l2',
      '--subnet=10.3.0.0/24',
      '--gateway=10.3.0.1',
      '--aux-address=x=10.3.0.9',
    )
    assert.equal(bridges(), 'bn0')
    const [blue] = networks()
    assert.deepEqual([blue?.['network'], blue?.['bridge'], blue?.['vlan'], blue?.['ports']], ['blue', 'bn0', null, 0])
    assert.match(ok('net', 'ls'), /blue +l2 +bn0 +- +- +10\.3\.0\.0\/24 +10\.3\.0\.1 +- +0/)
    assert.match(ok('net', 'inspect', 'blue'), /kept +10\.3\.0\.9 \(x\)[\s\S]*Nothing is attached/)
    const twice = ovsd(['net', 'create', 'blue', '--json'])
    assert.deepEqual(
      [twice.status, (JSON.parse(twice.stdout) as { error: { code: string } }).error.code],
      [1, 'NetworkExists'],
    )
    assert.match(ok('net', 'rm', 'blue'), /blue removed, and with it bridge bn0/)
    assert.equal(bridges(), '')
    assert.deepEqual(shape(hostView()), before)
    assert.match(ovsd(['net', 'rm', 'blue']).stderr, /There is no network blue/)
  })

  it('--may-exist is content with the same, and not with something else', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    const again = ['net', 'create', 'blue', '--bridge=bn0', '--mode=l2', '--may-exist']
    assert.match(ok(...again, '--subnet=10.3.0.0/24'), /was there already/)
    const { status, stderr } = ovsd([...again, '--subnet=10.4.0.0/24'])
    assert.equal(status, 1)
    assert.match(stderr, /other settings; subnets: subnet 10\.3\.0\.0\/24 .*, not subnet 10\.4\.0\.0\/24/)
  })

  it('a bridge that was there, or that others use, stays', () => {
    tool('ovs-vsctl', 'add-br', 'bn1', '--', 'set', 'Bridge', 'bn1', 'datapath_type=netdev')
    const before = shape(hostView('bn1'))
    ok('net', 'create', 'blue', '--bridge=bn1')
    ok('net', 'create', 'red', '--bridge=bn1', '--tenant=acme')
    assert.deepEqual(
      networks().map(({ vlan }) => vlan),
      [null, 2],
    )
    ok('net', 'rm', 'blue')
    ok('net', 'rm', 'red')
    assert.equal(bridges(), 'bn1')
    assert.deepEqual(shape(hostView('bn1')), before)
    tool('ovs-vsctl', 'del-br', 'bn1')
  })

  it('its bridge stays for who is to be attached there again, though he has no port now', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    using a = container()
    ok('add-port', 'bn0', 'eth5', a.name, '--vlan=9', '--persist')
    tool('docker', 'stop', '-t', '0', a.name)
    ok('gc')
    ok('net', 'rm', 'blue')
    assert.equal(bridges(), 'bn0')
    tool('docker', 'start', a.name)
    ok('watch', '--once')
    assert.equal(listed('--bridge=bn0').length, 1)
    ok('del-ports', 'bn0', a.name)
    tool('ovs-vsctl', 'del-br', 'bn0')
  })

  it('prune removes those that nobody is in, and their bridges', () => {
    const before = shape(hostView())
    ok('net', 'create', 'blue', '--bridge=bn0', '--mode=l2', '--subnet=10.3.0.0/24')
    ok('net', 'create', 'red', '--bridge=bn0', '--tenant=acme')
    ok('net', 'create', 'green', '--bridge=bn2')
    using a = container()
    connect('blue', a.name)
    assert.match(ok('net', 'prune'), /^green, red removed, and with them bridge bn2$/m)
    assert.deepEqual(
      networks().map(({ network: name }) => name),
      ['blue'],
    )
    assert.equal(ok('net', 'prune').trim(), 'There is no network that nobody is in.')
    ok('net', 'disconnect', 'blue', a.name)
    assert.match(ok('net', 'prune'), /^blue removed, and with it bridge bn0$/m)
    assert.deepEqual(shape(hostView()), before)
  })

  it('--dry-run prints what would be run, and changes nothing', () => {
    const before = shape(hostView())
    assert.match(
      ok('net', 'create', 'blue', '--bridge=bn0', '--dry-run'),
      /ovs-vsctl .*add-br bn0[\s\S]*ovsd_net\.blue/,
    )
    assert.deepEqual(shape(hostView()), before)
  })
})

describe('net connect', () => {
  it('gives addresses of both versions, the lowest that are free, and takes them back', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24', '--subnet=fd03::/64', '--gateway=10.3.0.1')
    using a = container()
    using b = container()
    const first = connect('blue', a.name)
    assert.deepEqual([first.addresses, first.gateways], [['10.3.0.2/24', 'fd03::1/64'], ['10.3.0.1']])
    assert.deepEqual(connect('blue', b.name, '--ip=10.3.0.9').addresses, ['10.3.0.9/24', 'fd03::2/64'])
    assert.deepEqual(insideSeen(netnsOf(a.name)).get('eth1')?.addresses, ['10.3.0.2/24', 'fd03::1/64'])
    assert.ok(pings(a.name, '10.3.0.9') && pings(b.name, 'fd03::1'))
    assert.match(ok('net', 'inspect', 'blue'), /eth1 +10\.3\.0\.2\/24, fd03::1\/64/)
    assert.match(ovsd(['net', 'rm', 'blue']).stderr, /in use by eth1 of/)
    assert.equal(ovsd(['net', 'connect', 'blue', a.name]).status, 1)
    assert.equal(ovsd(['net', 'connect', 'blue', a.name, '--may-exist']).status, 0)
    ok('net', 'disconnect', 'blue', a.name)
    assert.equal(portOf(a.id), undefined)
    assert.match(ovsd(['net', 'disconnect', 'blue', a.name]).stderr, /is not in the network blue/)
    using c = container()
    assert.deepEqual(connect('blue', c.name).addresses, ['10.3.0.2/24', 'fd03::1/64'])
  })

  it('fifty at once get fifty addresses', async function () {
    this.timeout(180_000)
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    using group = await together(Array.from({ length: 50 }, () => ({})))
    await group.start()
    const ended = await Promise.all(
      group.all.map(({ name }) => start(['net', 'connect', 'blue', name, '--json', '--timeout=120']).ended),
    )
    const given = ended.map(({ status, stdout, stderr }) => {
      assert.equal(status, 0, stderr)
      return (JSON.parse(stdout) as Connected).addresses.join()
    })
    assert.deepEqual(given.sort(), Array.from({ length: 50 }, (_, i) => `10.3.0.${i + 1}/24`).sort())
  })

  it('nothing is left to give: said so, nothing attached', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/30')
    using a = container()
    using b = container()
    using c = container()
    for (const { name } of [a, b]) connect('blue', name)
    const { status, stderr } = ovsd(['net', 'connect', 'blue', c.name])
    assert.equal(status, 1)
    assert.match(stderr, /has no address left: all of 10\.3\.0\.0\/30 are in use/)
    assert.equal(ownPortsSeen().length, 2)
  })

  it('two tenants with equal subnets and equal addresses: no frame crosses, broadcast included', async () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    using _red = network('red', '--bridge=bn0', '--subnet=10.3.0.0/24', '--tenant=acme')
    using _green = network('green', '--bridge=bn0', '--subnet=10.3.0.0/24', '--tenant=umbrella')
    using a = container()
    using b = container()
    using x = container()
    using y = container()
    using z = container()
    const blue = [connect('blue', a.name), connect('blue', b.name)]
    const red = [connect('red', x.name), connect('red', y.name)]
    const green = connect('green', z.name)
    assert.deepEqual(
      [blue, red].map((both) => both.map(({ addresses }) => addresses)),
      [
        [['10.3.0.1/24'], ['10.3.0.2/24']],
        [['10.3.0.1/24'], ['10.3.0.2/24']],
      ],
    )
    assert.deepEqual([blue[0]?.vlan, red[0]?.vlan, green.vlan], ['0', '2', '3'])
    // Everything that each of them sends while the others listen: unicast, broadcast, multicast, and asking for neighbours.
    const all = [a, b, x, y, z]
    const macOf = ({ name }: { name: string }): string => insideSeen(netnsOf(name)).get('eth1')?.mac ?? ''
    const tenants = [[a, b], [x, y], [z]].map((members) => members.map(macOf))
    const sniffers = await Promise.all(all.map(({ name }) => sniffer('eth1', '', netnsOf(name))))
    for (const { name } of all) {
      for (const target of ['10.3.0.1', '10.3.0.2', '10.3.0.77', '10.3.0.255']) answers(name, target, 1)
    }
    assert.ok(pings(a.name, '10.3.0.2') && pings(x.name, '10.3.0.2'))
    assert.ok(!pings(z.name, '10.3.0.2'))
    for (const [i, one] of sniffers.entries()) {
      const frames = await one.stop()
      const mine = tenants.find((macs) => macs.includes(macOf(all[i] ?? a))) ?? []
      const senders = new Set(frames.map((line) => /^\S+ ([0-9a-f:]{17}) > /.exec(line)?.[1] ?? line))
      assert.deepEqual(
        [...senders].filter((mac) => !mine.includes(mac)),
        [],
        `${all[i]?.name ?? ''} saw foreign frames`,
      )
      // It can see at all: what the others of its own network and it itself sent.
      assert.ok(
        mine.every((mac) => senders.has(mac)),
        `${all[i]?.name ?? ''} saw ${[...senders].join()}`,
      )
      assert.ok(frames.some((line) => line.includes('ff:ff:ff:ff:ff:ff')))
    }
    // Open vSwitch itself says what becomes of a tagged frame: many kernels of test machines cannot make one.
    const trace = tool('ovs-appctl', 'ofproto/trace', 'bn0', `in_port=${portOf(a.id)?.ofport ?? 0},dl_vlan=2`)
    assert.match(trace, /Datapath actions: drop/)
  })

  it('no address is given twice, whoever keeps it, and none that the host has', () => {
    ok('net', 'create', 'blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    // What add-port made is no part of the network, and its bridge goes with the network alone.
    using _rm = { [Symbol.dispose]: () => [ok('gc'), ok('net', 'rm', 'blue', '--force')] }
    using a = container()
    using b = container()
    const add = (...args: string[]) => ovsd(['add-port', 'bn0', 'eth7', b.name, ...args])
    const gateway = add('--ipaddress=10.3.0.1/24')
    assert.equal(gateway.status, 1)
    assert.match(gateway.stderr, /10\.3\.0\.1 is this host's address in the network blue/)
    assert.deepEqual(connect('blue', a.name).addresses, ['10.3.0.2/24'])
    tool('docker', 'stop', '--time=0', a.name)
    const kept = add('--ipaddress=10.3.0.2/24')
    assert.equal(kept.status, 1)
    assert.match(kept.stderr, /10\.3\.0\.2 is (kept for|in use|the)/)
    const trunk = add('--ipaddress=10.3.0.3/24', '--persist')
    assert.equal(trunk.status, 0, trunk.stderr)
    assert.doesNotMatch(trunk.stderr, /warning/)
    tool('docker', 'stop', '--time=0', b.name)
    using c = container()
    const taken = ovsd(['net', 'connect', 'blue', c.name, '--ip=10.3.0.3'])
    assert.equal(taken.status, 1)
    assert.match(taken.stderr, /10\.3\.0\.3 /)
    assert.deepEqual(connect('blue', c.name).addresses, ['10.3.0.4/24'])
    const again = ovsd(['net', 'connect', 'blue', c.name])
    assert.match(again.stderr, /--may-exist; or take it out first: ovsd net disconnect blue/)
  })

  it('a port without a VLAN is said to reach the networks that have one', () => {
    using _red = network('red', '--bridge=bn0', '--vlan=30', '--subnet=10.4.0.0/24')
    using a = container()
    const { status, stderr } = ovsd(['add-port', 'bn0', 'eth1', a.name])
    assert.equal(status, 0)
    assert.match(stderr, /warning: eth1 has no VLAN, and so reaches all of bn0, also red\./)
    assert.doesNotMatch(ovsd(['add-port', 'bn0', 'eth2', a.name, '--vlan=7']).stderr, /warning/)
    ok('del-ports', 'bn0', a.name)
  })

  it("its VLAN is the network's to say", () => {
    using _red = network('red', '--bridge=bn0', '--vlan=30', '--subnet=10.4.0.0/24')
    using a = container()
    connect('red', a.name)
    const { status, stderr } = ovsd(['set-vlan', 'bn0', 'eth1', a.name, '31'])
    assert.equal(status, 1)
    assert.match(stderr, /is in the network red, and so in its VLAN/)
    assert.equal(portOf(a.id)?.tag, 30)
    assert.match(ok('set-vlan', 'bn0', 'eth1', a.name, '30'), /as it was/)
  })

  it('two networks of one container: two interfaces, one default route', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24', '--gateway=10.3.0.1')
    using _red = network('red', '--bridge=bn0', '--vlan=30', '--subnet=10.4.0.0/24', '--gateway=10.4.0.1')
    using a = container()
    assert.deepEqual([connect('blue', a.name).interface, connect('red', a.name).interface], ['eth1', 'eth2'])
    const routes = tool('nsenter', `--net=${netnsOf(a.name)}`, 'ip', 'route', 'show', 'default')
      .trim()
      .split('\n')
    assert.deepEqual(routes, ['default via 10.3.0.1 dev eth1'])
  })

  it('killed at each call of a tool: repeated, it is there once, with the interface that it began', function () {
    this.timeout(120_000)
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24', '--subnet=fd03::/64')
    for (const { path, isReached } of eachKill({ atLeast: 4 })) {
      using a = container()
      const { status, stderr } = ovsd(['net', 'connect', 'blue', a.name], { PATH: path })
      if (!isReached()) {
        assert.equal(status, 0, stderr)
        break
      }
      assert.equal(status, 137)
      const { interface: iface, addresses } = connect('blue', a.name, '--may-exist')
      assert.deepEqual([iface, addresses], ['eth1', ['10.3.0.1/24', 'fd03::1/64']])
      assert.equal(ownPortsSeen().length, 1)
      ok('net', 'disconnect', 'blue', a.name)
    }
  })

  it('names the container by its name, and no way out that was tried already', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    using web = container()
    ok('net', 'connect', 'blue', web.name)
    const takeOut = `ake it out first: ovsd net disconnect blue ${web.name}\n`
    const cases = [
      [[], `next: Be content with it: --may-exist; or t${takeOut}`],
      [['--may-exist', '--ip=10.3.0.50'], `next: T${takeOut}`],
    ] as const
    for (const [options, next] of cases) {
      const { status, stderr } = ovsd(['net', 'connect', 'blue', web.name, ...options])
      assert.equal(status, 1)
      assert.ok(stderr.includes(`CONTAINER=${web.name} `) && stderr.endsWith(next), stderr)
      assert.ok(!stderr.includes(web.id), stderr)
    }
    assert.match(ok('net', 'connect', 'blue', web.name, '--may-exist'), /was in the network blue/)
  })

  it('follows the container, and not its name: of two that had it one after the other, the one of now is meant', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    using old = container()
    ok('net', 'connect', 'blue', old.name)
    const { name } = old
    tool('docker', 'rename', name, `${name}-old`)
    const fresh = tool('docker', 'run', '-d', '--network=none', `--name=${name}`, 'busybox').trim()
    try {
      const refused = ovsd(['net', 'disconnect', 'blue', name, '--json'])
      assert.equal((JSON.parse(refused.stdout) as { error: { code: string } }).error.code, 'NotConnected')
      ok('del-ports', 'bn0', name)
      assert.equal(listed('--bridge=bn0').length, 1)
      assert.equal(tool('ovs-vsctl', 'get', 'Bridge', 'bn0', 'external_ids').includes('ovsd_persist.'), true)
      ok('net', 'connect', 'blue', name)
      ok('net', 'disconnect', 'blue', name)
      assert.deepEqual(
        listed('--bridge=bn0').map(({ containerId }) => containerId),
        [old.id],
      )
      ok('net', 'disconnect', 'blue', `${name}-old`)
      assert.deepEqual(listed('--bridge=bn0'), [])
    } finally {
      tool('docker', 'rm', '--force', fresh)
    }
  })

  it('an interface that will come back in another network is not taken', () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    using _red = network('red', '--bridge=bn0', '--vlan=30', '--subnet=10.4.0.0/24')
    using a = container()
    assert.equal(connect('blue', a.name).interface, 'eth1')
    tool('docker', 'restart', '-t', '0', a.name)
    assert.equal(connect('red', a.name).interface, 'eth2')
    // Else it would be in it twice as soon as watch runs.
    ok('gc')
    assert.match(
      ok('net', 'inspect', 'blue'),
      new RegExp(`${a.id.slice(0, 12)} +eth1 +10\\.3\\.0\\.1/24 +- +kept for it`),
    )
    assert.match(ovsd(['net', 'connect', 'blue', a.name, '--interface=eth5']).stderr, /has its place .* with eth1/)
    assert.deepEqual(connect('blue', a.name).addresses, ['10.3.0.1/24'])
    assert.equal(insideSeen(netnsOf(a.name)).get('eth1')?.addresses.length, 1)
  })

  it('watch attaches it again after a restart, with its address; it is free when the container is removed', async () => {
    using _blue = network('blue', '--bridge=bn0', '--subnet=10.3.0.0/24')
    await using watcher = await watch(['--bridge=bn0'])
    {
      const a = container()
      assert.deepEqual(connect('blue', a.name).addresses, ['10.3.0.1/24'])
      const about = (event: string) => ({ event, container: a.name })
      await watcher.after(() => tool('docker', 'kill', a.name), about('port.detached'))
      using b = container()
      assert.deepEqual(connect('blue', b.name).addresses, ['10.3.0.2/24'])
      await watcher.after(() => tool('docker', 'start', a.name), about('port.attached'))
      assert.deepEqual(insideSeen(netnsOf(a.name)).get('eth1')?.addresses, ['10.3.0.1/24'])
      assert.equal(portOf(a.id)?.tag, 0)
      await watcher.after(() => a[Symbol.dispose](), about('port.detached'))
      await watcher.during(0.5)
      using c = container()
      assert.deepEqual(connect('blue', c.name).addresses, ['10.3.0.1/24'])
      assert.deepEqual(
        watcher.lines.filter(({ level }) => level === 'warn' || level === 'error'),
        [],
      )
    }
  })
})
