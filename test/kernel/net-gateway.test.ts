// nat networks on a real host: out to the world under the host's address, and no way in.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { HOST6, internet, OUT6 } from '../support/internet.ts'
import { bareNamespace } from '../support/namespace.ts'
import { carries, createNat, member, missingOf, nat, natState, removeAll, removeNat } from '../support/nat.ts'
import { answering, hears, HOST, OUT, pings, reaches } from '../support/outside.ts'
import { tool, toolIn } from '../support/tool.ts'

const BLUE = { name: 'blue', bridge: 'bn0', subnet: ['10.3.0.0/24', 'fd03::/64'] }
const RED = { name: 'red', bridge: 'bn0', subnet: ['10.4.0.0/24', 'fd04::/64'] }

const set = (key: string, value: number): string => tool('sysctl', '-qw', `net/${key}=${String(value)}`)
const value = (key: string): string => tool('sysctl', '-n', `net/${key}`).trim()
const HERE = `/proc/${String(process.pid)}/ns/net`
const MAC = /link\/ether (\S+)/
const macOf = (link: string): string => MAC.exec(tool('ip', 'link', 'show', 'dev', link))?.[1] ?? ''

/** Another network of the host, with a machine in it. */
function elsewhere(): { readonly path: string } & Disposable {
  const namespace = bareNamespace()
  tool('ip', 'link', 'add', 'else', 'type', 'veth', 'peer', 'name', 'e0', 'netns', namespace.name)
  tool('ip', 'address', 'add', '198.51.100.1/24', 'dev', 'else')
  tool('ip', 'address', 'add', '2001:db8:1::1/64', 'dev', 'else', 'nodad')
  tool('ip', 'link', 'set', 'else', 'up')
  toolIn(namespace.path, 'ip', 'address', 'add', '198.51.100.9/24', 'dev', 'e0')
  toolIn(namespace.path, 'ip', 'address', 'add', '2001:db8:1::9/64', 'dev', 'e0', 'nodad')
  toolIn(namespace.path, 'ip', 'link', 'set', 'e0', 'up')
  return {
    path: namespace.path,
    [Symbol.dispose]() {
      tool('ip', 'link', 'del', 'dev', 'else')
      namespace[Symbol.dispose]()
    },
  }
}

describe('a nat network', function () {
  this.timeout(60_000)
  afterEach(removeAll)

  for (const [what, words, hasBridge] of [
    ['untagged on a bridge of its own', BLUE, false],
    ['tagged on a bridge of its own', { ...BLUE, vlan: '7' }, false],
    ["untagged on somebody else's bridge", BLUE, true],
    ['on a host that is a router', BLUE, false],
  ] as const)
    it(`${what} leads out under the host's address, by ping and TCP, IPv4 and IPv6; removed, everything is as before`, async () => {
      using net = internet()
      const isRouter = what.endsWith('router')
      if (isRouter) for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 1)
      try {
        using bridge = hasBridge ? testBridge() : undefined
        const before = natState()
        const gateway = await createNat({ ...words, bridge: bridge?.name ?? words.bridge })
        assert.equal(gateway.isOwnPort, !hasBridge && !('vlan' in words))
        assert.deepEqual(await missingOf('blue'), [])
        {
          using inside = member(gateway, '10.3.0.2/24', 'fd03::2/64')
          for (const address of ['10.3.0.1', 'fd03::1', HOST, HOST6])
            assert.equal(reaches(inside.path, address), true, `the host's ${address}`)
          net.arrivals()
          assert.equal(reaches(inside.path, OUT), true)
          assert.equal(reaches(inside.path, OUT6), true)
          assert.deepEqual(net.arrivals(), { fromHost: 2, fromOthers: 0 })
          assert.equal(carries(inside.path, net.path, OUT), true)
          assert.equal(carries(inside.path, net.path, OUT6), true)
          assert.equal(net.arrivals().fromOthers, 0)
          // And with the host itself, both ways.
          assert.equal(carries(inside.path, HERE, '10.3.0.1'), true)
          assert.equal(carries(HERE, inside.path, '10.3.0.2'), true)
          assert.equal(carries(HERE, inside.path, 'fd03::2'), true)
        }
        await removeNat('blue')
        assert.deepEqual(natState(), before)
      } finally {
        if (isRouter) for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 0)
      }
    })

  for (const isRouter of [false, true])
    it(`is not entered from outside, ${isRouter ? 'although' : 'and'} the host is ${isRouter ? 'a' : 'no'} router`, async () => {
      using net = internet()
      if (isRouter) for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 1)
      try {
        await using blue = await nat(BLUE)
        using inside = member(blue, '10.3.0.2/24', 'fd03::2/64')
        toolIn(net.path, 'ip', 'route', 'add', '10.3.0.0/24', 'via', HOST)
        toolIn(net.path, 'ip', 'route', 'add', 'fd03::/64', 'via', HOST6)
        assert.deepEqual(await answering(net.path, ['10.3.0.2', 'fd03::2']), [])
        assert.equal(await hears(net.path, inside.path, '10.3.0.2', 'let me in\n'), '')
        assert.equal(reaches(inside.path, OUT), true, 'answers do come in')
        tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'passing')
        for (const address of ['10.3.0.2', 'fd03::2'])
          assert.equal(reaches(net.path, address), true, 'it is the guard that stops it')
      } finally {
        if (isRouter) for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 0)
      }
    })

  it('does not make a router of a host that was none, and leaves one that is', async () => {
    using net = internet()
    using other = elsewhere()
    for (const [path, gateway, gateway6] of [
      [net.path, HOST, HOST6],
      [other.path, '198.51.100.1', '2001:db8:1::1'],
    ] as const) {
      toolIn(path, 'ip', 'route', 'add', 'default', 'via', gateway)
      toolIn(path, 'ip', '-6', 'route', 'add', 'default', 'via', gateway6)
    }
    const beyond = ['198.51.100.9', '2001:db8:1::9']
    const through = (): Promise<readonly string[]> => answering(net.path, beyond)
    const before = natState()
    assert.deepEqual(await through(), [])
    await createNat(BLUE)
    assert.deepEqual(await through(), [])
    assert.equal(value(`ipv4/conf/${net.link}/forwarding`), '1')
    assert.equal(value('ipv4/ip_forward'), '0')
    tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'passing')
    assert.deepEqual(await through(), beyond, 'it is the guard that stops it')
    await createNat(BLUE)
    assert.deepEqual(await through(), [])
    await removeNat('blue')
    assert.deepEqual(natState(), before)
    for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 1)
    try {
      const asRouter = natState()
      assert.deepEqual(await through(), beyond)
      await createNat(BLUE)
      assert.deepEqual(await through(), beyond)
      await removeNat('blue')
      assert.deepEqual(natState(), asRouter)
    } finally {
      for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 0)
    }
  })

  it('is out of the way of somebody who makes the host a router later', async () => {
    using net = internet()
    await createNat(BLUE)
    for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 1)
    try {
      assert.deepEqual(await missingOf('blue'), ['the rules of nftables are others'])
      await createNat(BLUE)
      assert.doesNotMatch(tool('nft', 'list', 'ruleset'), /ip_forward|nfproto ipv6 iifname !=/)
      await removeNat('blue')
      assert.equal(value(`ipv4/conf/${net.link}/forwarding`), '1')
      assert.equal(value('ipv6/conf/all/forwarding'), '1')
      assert.equal(value('ipv6/conf/default/forwarding'), '1')
    } finally {
      for (const key of ['ipv4/ip_forward', 'ipv6/conf/all/forwarding']) set(key, 0)
    }
  })

  it('is kept from every other network and its gateway, unless they have the same tenant', async () => {
    using _net = internet()
    await using blue = await nat(BLUE)
    await using red = await nat(RED)
    using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
    using r = member(red, '10.4.0.2/24', 'fd04::2/64')
    const ofRed = ['10.4.0.2', 'fd04::2', '10.4.0.1', 'fd04::1']
    const ofBlue = ['10.3.0.2', 'fd03::2', '10.3.0.1', 'fd03::1']
    const ways = () => Promise.all([answering(b.path, ofRed), answering(r.path, ofBlue)])
    assert.deepEqual(await ways(), [[], []])
    assert.ok(pings(b.path, '10.3.0.1') && pings(r.path, '10.4.0.1') && pings(b.path, OUT) && pings(r.path, OUT6))
    for (const chain of ['passing', 'doors']) tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', chain)
    assert.deepEqual(await ways(), [ofRed, ofBlue], 'it is these rules that keep them apart')
  })

  it('of one tenant reaches those of the same, under the own addresses, and no other tenant', async () => {
    using _net = internet()
    await using blue = await nat({ ...BLUE, tenant: 'acme' })
    await using red = await nat({ ...RED, tenant: 'acme' })
    await using green = await nat({
      name: 'green',
      bridge: 'bn1',
      subnet: ['10.5.0.0/24', 'fd05::/64'],
      tenant: 'evil',
    })
    using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
    using r = member(red, '10.4.0.2/24', 'fd04::2/64')
    using g = member(green, '10.5.0.2/24', 'fd05::2/64')
    toolIn(r.path, 'nft', 'add table inet f')
    toolIn(r.path, 'nft', 'add chain inet f in { type filter hook input priority 0; }')
    for (const rule of ['ip saddr 10.4.0.1 drop', 'ip6 saddr fd04::1 icmpv6 type echo-request drop'])
      toolIn(r.path, 'nft', `add rule inet f in ${rule}`)
    for (const ip of ['10.4.0.2', 'fd04::2']) assert.equal(reaches(b.path, ip), true, ip)
    for (const ip of ['10.3.0.2', 'fd03::2', '10.3.0.1']) assert.equal(reaches(r.path, ip), true, ip)
    assert.equal(await hears(b.path, r.path, '10.4.0.2', 'hello\n'), 'hello')
    assert.deepEqual(await answering(g.path, ['10.3.0.2', 'fd03::2', '10.4.0.2', '10.4.0.1', 'fd03::1']), [])
    assert.deepEqual(await answering(b.path, ['10.5.0.2', 'fd05::2', '10.5.0.1']), [])
  })

  it('lets out nothing that has another address, and nothing in its name to the host', async () => {
    using net = internet()
    await using blue = await nat(BLUE)
    await using red = await nat(RED)
    using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
    for (const address of ['10.9.9.9/32', '10.4.0.9/32', 'fd09::9/128'])
      toolIn(b.path, 'ip', 'address', 'add', address, 'dev', 'lo')
    toolIn(net.path, 'ip', 'route', 'add', '10.0.0.0/8', 'via', HOST)
    net.arrivals()
    for (const from of ['10.9.9.9', '10.4.0.9']) assert.equal(pings(b.path, OUT, '-I', from), false)
    assert.equal(pings(b.path, OUT6, '-I', 'fd09::9'), false)
    assert.deepEqual(net.arrivals(), { fromHost: 0, fromOthers: 0 })
    // Under an address of the other network even the host does not listen.
    const count = (): number =>
      Number(/packets (\d+)/.exec(tool('nft', 'list', 'counter', 'inet', 'heard', 'spoofed'))?.[1])
    tool('nft', 'add table inet heard')
    try {
      tool('nft', 'add counter inet heard spoofed')
      tool('nft', 'add chain inet heard in { type filter hook input priority 10; }')
      tool('nft', 'add rule inet heard in ip saddr 10.4.0.9 counter name spoofed')
      pings(b.path, '10.3.0.1', '-I', '10.4.0.9')
      assert.equal(count(), 0)
      tool('nft', 'flush', 'chain', 'inet', 'ovsd_nat', 'entering')
      pings(b.path, '10.3.0.1', '-I', '10.4.0.9')
      assert.ok(count() > 0, 'it is the guard that stops it')
    } finally {
      tool('nft', 'delete table inet heard')
    }
    assert.equal(red.tag, 2)
  })

  it('keeps its gateway and its MAC when ports come and go, of add-port as well; the MTU is that of the network', async () => {
    using _net = internet()
    await using blue = await nat({ ...BLUE, mtu: '1400' })
    await using red = await nat({ ...RED, mtu: '1300' })
    await using green = await nat({ name: 'green', bridge: 'bn0', subnet: ['10.5.0.0/24'] })
    const seen = (): readonly (readonly [string, string])[] =>
      [blue, red, green].map(({ link }) => [
        macOf(link),
        /mtu (\d+)/.exec(tool('ip', 'link', 'show', 'dev', link))?.[1] ?? '',
      ])
    const before = seen()
    assert.deepEqual(before, [
      [blue.mac, '1400'],
      [red.mac, '1300'],
      [green.mac, '1500'],
    ])
    using b = member(blue, '10.3.0.2/24')
    assert.equal(reaches(b.path, OUT), true)
    {
      // A lower MAC and a lower MTU than any.
      using lone = bareNamespace()
      tool(
        'ip',
        'link',
        'add',
        'low0',
        'mtu',
        '1280',
        'address',
        '00:00:00:00:00:02',
        'type',
        'veth',
        'peer',
        'name',
        'eth0',
        'netns',
        lone.name,
      )
      tool('ovs-vsctl', 'add-port', 'bn0', 'low0')
      assert.deepEqual(seen(), before)
      tool('ovs-vsctl', 'del-port', 'bn0', 'low0')
    }
    assert.deepEqual(seen(), before)
    assert.equal(reaches(b.path, OUT), true)
    for (const name of ['blue', 'red', 'green']) assert.deepEqual(await missingOf(name), [])
  })

  it('goes, and leaves the others what they need, in whatever order', async () => {
    using _net = internet()
    const before = natState()
    for (const order of [
      ['blue', 'red', 'green'],
      ['green', 'red', 'blue'],
      ['red', 'blue', 'green'],
    ]) {
      const blue = await createNat(BLUE)
      const red = await createNat({ ...RED, subnet: ['10.4.0.0/24'] })
      const green = await createNat({ name: 'green', bridge: 'bn1', subnet: ['fd05::/64'] })
      const reach = { blue: OUT, red: OUT, green: OUT6 }
      using b = member(blue, '10.3.0.2/24', 'fd03::2/64')
      using r = member(red, '10.4.0.2/24')
      using g = member(green, 'fd05::2/64')
      const of = { blue: b, red: r, green: g }
      const left = new Set(order)
      for (const name of order) {
        await removeNat(name)
        left.delete(name)
        for (const other of left) {
          assert.deepEqual(await missingOf(other), [], `${other} without ${name}`)
          assert.equal(reaches(of[other as 'blue'].path, reach[other as 'blue']), true, `${other} without ${name}`)
        }
      }
      tool('ovs-vsctl', '--if-exists', 'del-br', 'bn0', '--', '--if-exists', 'del-br', 'bn1')
    }
    assert.deepEqual(natState(), before)
  })
})
