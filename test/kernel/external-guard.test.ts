// What an external address must not open: spoofing, ways to elsewhere, and the host as a router for others.
import { strict as assert } from 'node:assert'
import { refuseExternalTaken } from '../../src/lib/attach/external-taken.ts'
import { externalMarks } from '../../src/lib/attach/external-marks.ts'
import { OvsdError } from '../../src/lib/errors.ts'
import { openHost } from '../../src/lib/host.ts'
import { testBridge } from '../support/bridge.ts'
import { addLeg, external, removeLegs } from '../support/legs.ts'
import { bareNamespace } from '../support/namespace.ts'
import { HOST, hostState, OUT, outside, pings, reaches } from '../support/outside.ts'
import { tool, toolIn } from '../support/tool.ts'

const IP = '203.0.113.50'
const FAR = '198.51.100.1'

/** Another network of the host, with a machine in it that knows the host as its router. */
function elsewhere(): { readonly path: string; readonly link: string } & Disposable {
  const namespace = bareNamespace()
  const link = 'else'
  tool('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 'e0', 'netns', namespace.name)
  tool('ip', 'address', 'add', '198.51.100.254/24', 'dev', link)
  tool('ip', 'link', 'set', link, 'up')
  toolIn(namespace.path, 'ip', 'address', 'add', `${FAR}/24`, 'dev', 'e0')
  toolIn(namespace.path, 'ip', 'link', 'set', 'e0', 'up')
  toolIn(namespace.path, 'ip', 'route', 'add', 'default', 'via', '198.51.100.254')
  return {
    link,
    path: namespace.path,
    [Symbol.dispose]() {
      tool('ip', 'link', 'del', 'dev', link)
      namespace[Symbol.dispose]()
    },
  }
}

const set = (key: string, value: number): string => tool('sysctl', '-qw', `net/ipv4/${key}=${String(value)}`)
const value = (key: string): string => tool('sysctl', '-n', `net/ipv4/${key}`).trim()

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return ''
  } catch (error) {
    assert.ok(error instanceof OvsdError, String(error))
    return `${error.code}: ${error.message}`
  }
}

describe('the guard of an external address', function () {
  this.timeout(60_000)

  it('lets nothing out of the container that has another address', async () => {
    using net = outside()
    using namespace = bareNamespace()
    const leg = await addLeg(namespace, external(IP, net.link))
    toolIn(namespace.path, 'ip', 'address', 'add', '203.0.113.66/32', 'dev', 'ext-eth1')
    toolIn(namespace.path, 'ip', 'rule', 'add', 'from', '203.0.113.66', 'lookup', String(0xcb007132))
    // So that an answer would find its way, were there one.
    tool(
      'ip',
      'route',
      'add',
      '203.0.113.66/32',
      'via',
      IP,
      'dev',
      /\w+_x/.exec(tool('ip', '-brief', 'link'))?.[0] ?? '',
      'onlink',
    )
    tool('ip', 'neigh', 'add', 'proxy', '203.0.113.66', 'dev', net.link)
    assert.equal(reaches(namespace.path, OUT, '-I', IP), true)
    assert.equal(pings(namespace.path, OUT, '-I', '203.0.113.66'), false)
    assert.equal(pings(namespace.path, HOST, '-I', '203.0.113.66'), false, 'nor to the host itself')
    assert.equal(pings(net.path, '203.0.113.66'), false)
    tool('ip', 'neigh', 'del', 'proxy', '203.0.113.66', 'dev', net.link)
    await removeLegs(leg.marks)
  })

  it('leads to its interface only, and not into other networks of the host, whose router it is', async () => {
    using net = outside()
    using other = elsewhere()
    using namespace = bareNamespace()
    set('ip_forward', 1)
    try {
      toolIn(net.path, 'ip', 'route', 'add', '198.51.100.0/24', 'via', HOST)
      const before = hostState()
      const leg = await addLeg(namespace, external(IP, net.link))
      assert.equal(pings(namespace.path, FAR, '-I', IP), false)
      assert.equal(pings(other.path, IP), false)
      // A router before stays one, for everybody else.
      assert.equal(reaches(net.path, FAR), true)
      assert.equal(reaches(other.path, OUT), true)
      await removeLegs(leg.marks)
      assert.deepEqual(hostState(), before)
      assert.equal(reaches(net.path, FAR), true)
    } finally {
      set('ip_forward', 0)
    }
  })

  it('does not make a router of a host that was none', async () => {
    using net = outside()
    using other = elsewhere()
    using namespace = bareNamespace()
    // The way back is open; only what comes in by the interface of the external address is in question.
    set(`conf/${other.link}/forwarding`, 1)
    toolIn(net.path, 'ip', 'route', 'add', '198.51.100.0/24', 'via', HOST)
    const before = hostState()
    assert.equal(pings(net.path, FAR), false)
    const leg = await addLeg(namespace, external(IP, net.link))
    assert.equal(value(`conf/${net.link}/forwarding`), '1')
    assert.equal(reaches(net.path, IP), true)
    assert.equal(pings(net.path, FAR), false)
    tool('nft', 'flush', 'chain', 'inet', `ovsd_ext_${net.link}`, 'passing')
    assert.equal(reaches(net.path, FAR), true, 'it is the guard that stops it')
    await removeLegs(leg.marks)
    assert.deepEqual(hostState(), before)
  })

  it('is out of the way of somebody who makes the host a router later', async () => {
    using net = outside()
    using other = elsewhere()
    using namespace = bareNamespace()
    toolIn(net.path, 'ip', 'route', 'add', '198.51.100.0/24', 'via', HOST)
    const leg = await addLeg(namespace, external(IP, net.link))
    set('ip_forward', 1)
    try {
      assert.equal(pings(net.path, FAR), false)
      await removeLegs(leg.marks)
      assert.equal(value(`conf/${net.link}/forwarding`), '1')
      assert.equal(reaches(net.path, FAR), true)
      assert.equal(tool('nft', 'list', 'ruleset'), '')
    } finally {
      set('ip_forward', 0)
    }
    assert.equal(other.link, 'else')
  })

  it("is admitted to Docker's firewall where there is one, and dismissed with its removal", async () => {
    using net = outside()
    using namespace = bareNamespace()
    for (const line of ['-N DOCKER-USER', '-A DOCKER-USER -j RETURN', '-I FORWARD -j DOCKER-USER', '-P FORWARD DROP'])
      tool('iptables', ...line.split(' '))
    try {
      const before = hostState()
      const leg = await addLeg(namespace, external(IP, net.link))
      assert.equal(reaches(net.path, IP), true)
      tool('iptables', '-F', 'DOCKER-USER')
      assert.equal(pings(net.path, IP), false, 'it is these rules that admit it')
      tool('iptables', '-A', 'DOCKER-USER', '-j', 'RETURN')
      await removeLegs(leg.marks)
      const again = await addLeg(namespace, external(IP, net.link))
      assert.equal(tool('iptables', '-S', 'DOCKER-USER').match(/--comment ovsd/g)?.length, 2)
      await removeLegs(again.marks)
      assert.deepEqual(hostState(), before)
    } finally {
      for (const line of ['-P FORWARD ACCEPT', '-F FORWARD', '-F DOCKER-USER', '-X DOCKER-USER'])
        tool('iptables', ...line.split(' '))
      tool('nft', 'delete', 'table', 'ip', 'filter')
    }
  })
})

describe('an external address is refused', function () {
  this.timeout(60_000)

  it('when the host has it, or has a use for it, or somebody outside answers for it', async () => {
    using net = outside()
    using namespace = bareNamespace()
    const before = hostState(namespace.path)
    const add = (ip: string, gateway?: string) =>
      codeOf(addLeg(namespace, external(ip, net.link, gateway), { probe: true }))
    assert.match(await add(HOST), /^AddressInUse: .* is an address of this host\.$/)
    assert.match(await add(IP, HOST), /^AddressInUse: .* is an address of this host\.$/)
    assert.match(await add(OUT), /^AddressInUse: .*Somebody on wan\d+ already answers for 203\.0\.113\.9\./s)
    tool('ip', 'route', 'add', `${IP}/32`, 'via', OUT)
    assert.match(await add(IP), /^AddressInUse: This host leads 203\.0\.113\.50 somewhere already\.$/)
    tool('ip', 'route', 'del', `${IP}/32`)
    tool('ip', 'neigh', 'add', 'proxy', IP, 'dev', net.link)
    assert.match(await add(IP), /^AddressInUse: This host leads/)
    tool('ip', 'neigh', 'del', 'proxy', IP, 'dev', net.link)
    assert.match(await add('203.0.113.255'), /^AddressInUse: 203\.0\.113\.255 is a broadcast address\.$/)
    assert.deepEqual(hostState(namespace.path), before)
  })

  it('when it is a neighbour on another interface, a container on docker0 for example', async () => {
    using net = outside()
    using other = elsewhere()
    using namespace = bareNamespace()
    const before = hostState(namespace.path)
    for (const gateway of [undefined, OUT])
      assert.match(
        await codeOf(addLeg(namespace, external(FAR, net.link, gateway))),
        /^AddressInUse: 198\.51\.100\.1 is reached on else, and not on wan\d+\.$/,
      )
    assert.deepEqual(hostState(namespace.path), before)
    assert.equal(reaches(`/proc/${String(process.pid)}/ns/net`, FAR), true)
    assert.equal(other.link, 'else')
  })

  it('when it is a router of the host, which may be silent', async () => {
    using net = outside()
    using namespace = bareNamespace()
    const routes = [
      ['default', 'via', IP, 'table', '77'],
      ['192.0.2.0/24', 'nexthop', 'via', OUT, 'nexthop', 'via', IP],
    ]
    for (const route of routes) {
      tool('ip', 'route', 'add', ...route)
      const before = hostState(namespace.path)
      assert.match(
        await codeOf(addLeg(namespace, external(IP, net.link, OUT))),
        /^AddressInUse: 203\.0\.113\.50 is a router of this host\.$/,
      )
      assert.deepEqual(hostState(namespace.path), before)
      tool('ip', 'route', 'del', ...route)
    }
    const leg = await addLeg(namespace, external(IP, net.link))
    await removeLegs(leg.marks)
  })

  it('when it is elsewhere, behind a router or nowhere, unless a gateway is named', async () => {
    using net = outside()
    using namespace = bareNamespace()
    const begin = hostState(namespace.path)
    toolIn(net.path, 'ip', 'address', 'add', '9.9.9.9/32', 'dev', 'lo')
    for (const route of [['9.0.0.0/8', 'via', OUT], ['blackhole', '9.0.0.0/8'], undefined]) {
      if (route !== undefined) tool('ip', 'route', 'add', ...route)
      const before = hostState(namespace.path)
      assert.match(
        await codeOf(addLeg(namespace, external('9.9.9.9', net.link))),
        /^ExternalInterfaceUnfit: 9\.9\.9\.9 is in none of the networks of wan\d+\.$/,
      )
      assert.deepEqual(hostState(namespace.path), before)
      const leg = await addLeg(namespace, external('9.9.9.9', net.link, OUT))
      await removeLegs(leg.marks)
      if (route !== undefined) tool('ip', 'route', 'del', ...route)
    }
    assert.deepEqual(hostState(namespace.path), begin)
  })

  it('when a leg of another container leads there', async () => {
    using net = outside()
    using first = bareNamespace()
    using second = bareNamespace()
    const leg = await addLeg(first, external(IP, net.link))
    const before = hostState(first.path, second.path)
    assert.match(
      await codeOf(addLeg(second, external(IP, net.link))),
      /^AddressInUse: 203\.0\.113\.50 is reached on \w+_x, and not on wan\d+\.$/,
    )
    assert.deepEqual(hostState(first.path, second.path), before)
    await removeLegs(leg.marks)
  })

  it('when somebody outside answers for it, and the host has no address there to ask with', async () => {
    using net = outside()
    using namespace = bareNamespace()
    tool('ip', 'address', 'flush', 'dev', net.link)
    assert.match(await codeOf(addLeg(namespace, external(OUT, net.link))), /^ExternalInterfaceUnfit: /)
    tool('ip', 'route', 'add', '203.0.113.0/24', 'dev', net.link)
    assert.match(
      await codeOf(addLeg(namespace, external(OUT, net.link), { probe: true })),
      /^AddressInUse: .*Somebody on/s,
    )
    const leg = await addLeg(namespace, external(IP, net.link))
    assert.equal(reaches(net.path, IP), true)
    await removeLegs(leg.marks)
    tool('ip', 'route', 'flush', 'dev', net.link)
    const routed = await addLeg(namespace, external(IP, net.link, OUT))
    assert.equal(reaches(net.path, IP), true)
    await removeLegs(routed.marks)
  })

  it('when another host like this one answers for it', async () => {
    using net = outside()
    using namespace = bareNamespace()
    toolIn(net.path, 'sysctl', '-qw', `net/ipv4/conf/${net.far}/forwarding=1`)
    toolIn(net.path, 'ip', 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'away')
    for (const link of ['far', 'away']) toolIn(net.path, 'ip', 'link', 'set', link, 'up')
    toolIn(net.path, 'ip', 'route', 'add', `${IP}/32`, 'dev', 'far')
    toolIn(net.path, 'ip', 'neigh', 'add', 'proxy', IP, 'dev', net.far)
    assert.match(
      await codeOf(addLeg(namespace, external(IP, net.link), { probe: true })),
      /^AddressInUse: .*Somebody on/s,
    )
  })

  it('on an interface that is missing, down, the loopback, part of a bridge, or a container’s port', async () => {
    using net = outside()
    using bridge = testBridge()
    using namespace = bareNamespace()
    const on = (link: string) => codeOf(addLeg(namespace, external(IP, link)))
    assert.match(await on('nosuch'), /^ExternalInterfaceMissing: The host has no interface nosuch\.$/)
    tool('ip', 'link', 'set', net.link, 'down')
    assert.match(await on(net.link), /^ExternalInterfaceUnfit: .*: it is down\.$/)
    tool('ip', 'link', 'set', net.link, 'up')
    tool('ip', 'link', 'add', 'lan0', 'type', 'bridge')
    try {
      tool('ip', 'link', 'set', net.link, 'master', 'lan0')
      assert.match(await on(net.link), /^ExternalInterfaceUnfit: .* belongs to lan0/)
      tool('ip', 'link', 'set', net.link, 'nomaster')
    } finally {
      tool('ip', 'link', 'del', 'lan0')
    }
    const ids = ['external_ids:container_id=web', 'external_ids:container_iface=eth1']
    tool('ovs-vsctl', 'add-port', bridge.name, net.link, '--', 'set', 'Interface', net.link, ...ids)
    assert.match(await on(net.link), /^ExternalInterfaceUnfit: .*a container's port\.$/)
  })

  it('when another living attachment has it', async () => {
    using net = outside()
    using bridge = testBridge()
    using host = openHost()
    const address = external(IP, net.link)
    const ids = Object.entries(externalMarks(address)).map(
      ([key, text]) => `external_ids:${JSON.stringify(key)}=${JSON.stringify(text)}`,
    )
    tool('ovs-vsctl', 'add-port', bridge.name, 'held_l', '--', 'set', 'Interface', 'held_l', 'type=internal', ...ids)
    assert.match(await codeOf(refuseExternalTaken(host, external(IP, 'other0'), [])), /^AddressInUse: /)
    assert.equal(await codeOf(refuseExternalTaken(host, address, ['held_l'])), '')
    assert.equal(await codeOf(refuseExternalTaken(host, external('203.0.113.51', net.link), [])), '')
  })
})
