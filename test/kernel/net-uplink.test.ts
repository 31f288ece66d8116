// Flat networks with packets: a NIC of the host, a network behind it, and bare namespaces in the place of containers.
import { strict as assert } from 'node:assert'
import { openHost, type Host } from '../../src/lib/host.ts'
import { networksOf, othersThan } from '../../src/lib/network/networks.ts'
import { uplink } from '../../src/lib/plan/parts/uplink.ts'
import { testBridge } from '../support/bridge.ts'
import { lan, switchedLan } from '../support/lan.ts'
import { bareNamespace, type BareNamespace } from '../support/namespace.ts'
import { hears, pings } from '../support/outside.ts'
import { portsSeen, type PortSeen } from '../support/ovs-rows.ts'
import { ok } from '../support/ovsd.ts'
import { pingingIn } from '../support/pinging.ts'
import { sniffer } from '../support/sniffer.ts'
import { tool, toolIn } from '../support/tool.ts'
import { createFlat, hostNow, removeFlat } from '../support/uplink.ts'

/** Attaches a namespace as a container of that VLAN would be; 0 is the untagged segment, as `net connect` has it. */
function attach(bridge: string, space: BareNamespace, tag: number, address: string): void {
  ok('add-port', bridge, 'eth1', space.name, `--netns=${space.path}`, `--ipaddress=${address}`, `--vlan=${tag || 9}`)
  const port = portsSeen().find(({ ids }) => ids['ovsd_id'] === space.name)?.port ?? ''
  if (tag === 0) tool('ovs-vsctl', 'set', 'Port', port, 'tag=0')
}

const detach = (bridge: string, space: BareNamespace): string => ok('del-port', bridge, 'eth1', space.name)
const uplinkOf = (nic: string): PortSeen | undefined => portsSeen().find(({ port }) => port === nic)
const vlansOf = (nic: string) => {
  const { tag, trunks, mode } = uplinkOf(nic) ?? {}
  return { tag, trunks, mode }
}

/** What is missing of a network, as `net inspect` and `watch` ask; and how many processes it takes to know. */
async function missing(name: string): Promise<{ readonly words: readonly string[]; readonly processes: number }> {
  using opened = openHost()
  let processes = 0
  const host: Host = {
    ...opened,
    run: (command, signal) => {
      processes++
      return opened.run(command, signal)
    },
  }
  const all = await networksOf(host)
  const found = all.find((one) => one.name === name)
  if (found === undefined || !('spec' in found)) throw new Error(`no network ${name}`)
  return { words: await uplink.missing(host, found.spec, { others: othersThan(found.spec, all) }), processes }
}

const tagsOf = (frames: readonly string[]): readonly string[] =>
  [...new Set(frames.map((frame) => /vlan (\d+)/.exec(frame)?.[1] ?? 'untagged'))].sort()

describe('the uplink of a flat network', function () {
  this.timeout(120_000)

  it('untagged: both ways by ping and TCP, broadcasts too; then the host is as before', async () => {
    using bridge = testBridge()
    using net = switchedLan()
    using space = bareNamespace()
    const outside = net.machine(0, '203.0.113.9/24')
    const before = hostNow()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic })
    // The NIC and its nftables table: two processes, however many networks there are beside it.
    assert.deepEqual(await missing('blue'), { words: [], processes: 2 })
    assert.deepEqual(vlansOf(net.nic), { tag: 0, trunks: [], mode: '' })
    await using seen = await sniffer(net.far)
    attach(bridge.name, space, 0, '203.0.113.20/24')
    assert.ok(pings(space.path, '203.0.113.9') && pings(outside, '203.0.113.20'))
    assert.equal(await hears(outside, space.path, '203.0.113.20', 'into'), 'into')
    assert.equal(await hears(space.path, outside, '203.0.113.9', 'out'), 'out')
    const frames = net.fromHost(await seen.stop())
    assert.ok(frames.some((frame) => /> (ff:){5}ff, ethertype ARP/.test(frame)))
    assert.deepEqual(tagsOf(frames), ['untagged'])
    detach(bridge.name, space)
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
  })

  it('with a VLAN: frames carry its tag outside, and those of other VLANs never leave, tagged or not', async () => {
    using bridge = testBridge()
    using net = switchedLan()
    using blue = bareNamespace()
    using other = bareNamespace()
    using untagged = bareNamespace()
    const inBlue = net.machine(100, '203.0.113.9/24')
    const [in200, plain] = [net.machine(200, '203.0.113.8/24'), net.machine(0, '203.0.113.7/24')]
    const before = hostNow()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic, vlan: '100' })
    assert.deepEqual(vlansOf(net.nic), { tag: undefined, trunks: [100], mode: 'trunk' })
    attach(bridge.name, blue, 100, '203.0.113.20/24')
    attach(bridge.name, other, 200, '203.0.113.21/24')
    attach(bridge.name, untagged, 0, '203.0.113.22/24')
    await using seen = await sniffer(net.far)
    assert.ok(pings(blue.path, '203.0.113.9') && pings(inBlue, '203.0.113.20'))
    for (const [from, to] of [
      [other.path, '203.0.113.8'],
      [untagged.path, '203.0.113.7'],
      [blue.path, '203.0.113.8'],
    ] as const)
      assert.ok(!pings(from, to))
    const leaving = net.fromHost(await seen.stop())
    assert.ok(leaving.some((frame) => /vlan 100, .*who-has 203\.0\.113\.8 tell 203\.0\.113\.20/.test(frame)))
    assert.deepEqual(tagsOf(leaving), ['100'])
    // The other way round, they are let into the wire by the switch, and not into the bridge by the NIC.
    await using inside = await sniffer('eth1', '', blue.path)
    for (const from of [in200, plain]) assert.ok(!pings(from, '203.0.113.20'))
    const entering = await inside.stop()
    assert.deepEqual(
      entering.filter((frame) => /203\.0\.113\.[78]\b/.test(frame)),
      [],
    )
    for (const space of [blue, other, untagged]) detach(bridge.name, space)
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
  })

  it('two networks share a NIC: it carries both, and one goes without interrupting the other', async () => {
    using bridge = testBridge()
    using net = switchedLan()
    using blue = bareNamespace()
    using red = bareNamespace()
    const [inBlue, inRed] = [net.machine(100, '203.0.113.9/24'), net.machine(0, '203.0.113.9/24')]
    const before = hostNow()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic, vlan: '100' })
    const own = uplinkOf(net.nic)?.uuid
    attach(bridge.name, blue, 100, '203.0.113.20/24')
    await using going = await pingingIn(inBlue, '203.0.113.20')
    await createFlat({ name: 'red', bridge: bridge.name, uplink: net.nic })
    assert.deepEqual(vlansOf(net.nic), { tag: undefined, trunks: [0, 100], mode: 'trunk' })
    attach(bridge.name, red, 0, '203.0.113.20/24')
    assert.ok(pings(inRed, '203.0.113.20'))
    const { sent, lost } = await going.stop()
    assert.ok(sent > 10 && lost === 0, `${lost} of ${sent} lost when red came`)
    await using staying = await pingingIn(inRed, '203.0.113.20')
    detach(bridge.name, blue)
    await removeFlat('blue')
    assert.deepEqual(vlansOf(net.nic), { tag: 0, trunks: [], mode: '' })
    const rest = await staying.stop()
    assert.ok(rest.sent > 10 && rest.lost === 0, `${rest.lost} of ${rest.sent} lost when blue went`)
    // The same port all the time, and marked as of the network that is left.
    assert.deepEqual([uplinkOf(net.nic)?.uuid, uplinkOf(net.nic)?.ids['ovsd_network']], [own, 'red'])
    detach(bridge.name, red)
    await removeFlat('red')
    assert.deepEqual(hostNow(), before)
  })

  it('a NIC that is down is brought up, and is down again afterwards', async () => {
    using bridge = testBridge()
    using net = lan({ up: false })
    const before = hostNow()
    await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic })
    assert.match(tool('ip', 'link', 'show', net.nic), /[<,]UP[,>]/)
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
  })

  it('a NIC that somebody else put on the bridge is used as it is, and stays', async () => {
    using bridge = testBridge()
    using net = lan({ up: false })
    tool('ovs-vsctl', 'add-port', bridge.name, net.nic, 'trunks=10,20')
    const before = hostNow()
    const make = () => createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic, vlan: '100' })
    await assert.rejects(make(), ({ code, message, next }: Error & { code: string; next: string }) => {
      assert.equal(code, 'UplinkVlan')
      assert.match(message, /with VLAN trunk 10,20, and does not carry VLAN 100/)
      assert.equal(next, `ovs-vsctl add Port ${net.nic} trunks 100`)
      const [file = '', ...args] = next.split(' ')
      tool(file, ...args)
      return true
    })
    await make()
    assert.deepEqual((await missing('blue')).words, [])
    assert.deepEqual(vlansOf(net.nic).trunks, [10, 20, 100])
    assert.match(tool('ip', 'link', 'show', net.nic), /[<,]UP[,>]/)
    await removeFlat('blue')
    tool('ovs-vsctl', 'remove', 'Port', net.nic, 'trunks', '100')
    assert.deepEqual(hostNow(), before)
  })

  it('an access port of somebody else: the command that is advised makes it carry the VLAN as well', async () => {
    using bridge = testBridge()
    using net = lan()
    tool('ovs-vsctl', 'add-port', bridge.name, net.nic, 'tag=5')
    const make = () => createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic, vlan: '100' })
    await assert.rejects(make(), ({ next }: Error & { next: string }) => {
      const [file = '', ...args] = next.split(' ')
      tool(file, ...args)
      return true
    })
    await make()
    await removeFlat('blue')
    assert.deepEqual(vlansOf(net.nic), { tag: undefined, trunks: [5, 100], mode: '' })
  })

  it('whatever is taken away is missed, and comes back with the same net create; nothing else is touched', async () => {
    using bridge = testBridge()
    using net = switchedLan()
    using space = bareNamespace()
    const outside = net.machine(100, '203.0.113.9/24')
    const before = hostNow()
    const make = () => createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic, vlan: '100' })
    await make()
    attach(bridge.name, space, 100, '203.0.113.20/24')
    const harm: readonly (readonly [what: RegExp, ...command: string[]])[] = [
      [/^nic\S+ on bk/, 'ovs-vsctl', 'del-port', net.nic],
      [/^VLAN trunk 100 on nic/, 'ovs-vsctl', 'set', 'Port', net.nic, 'trunks=100,200'],
      [/^nic\S+, which is down/, 'ip', 'link', 'set', net.nic, 'down'],
      [/^the nftables table of nic/, 'nft', 'delete', 'table', 'netdev', `ovsd_uplink_${net.nic}`],
    ]
    for (const [what, file = '', ...args] of harm) {
      tool(file, ...args)
      const { words } = await missing('blue')
      assert.ok(words.length === 1 && what.test(words[0] ?? ''), words.join())
      assert.equal((await make()).status, 'completed')
      assert.deepEqual((await missing('blue')).words, [])
      assert.ok(pings(outside, '203.0.113.20'))
    }
    detach(bridge.name, space)
    await assert.rejects(make(), { code: 'NetworkExists' })
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
  })

  it('a NIC that is gone is missed, and its network can be removed', async () => {
    using bridge = testBridge()
    const before = hostNow()
    {
      using net = lan()
      await createFlat({ name: 'blue', bridge: bridge.name, uplink: net.nic })
    }
    const { words } = await missing('blue')
    assert.match(words.join(), /^the NIC nic\S+$/)
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
  })

  it('a bridge that is made for the network goes with it', async () => {
    using net = lan()
    const before = hostNow()
    const { bridgeCreated } = await createFlat({ name: 'blue', bridge: 'bflat', uplink: net.nic })
    assert.ok(bridgeCreated)
    await removeFlat('blue')
    assert.deepEqual(hostNow(), before)
    assert.doesNotMatch(toolIn(net.path, 'ip', 'neigh'), /203\.0\.113\.20/)
  })
})
