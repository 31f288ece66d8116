// The reconciler with real bridges, links and namespaces; only the engine is a server that tells of sleeping processes.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { linkExists } from '../../src/lib/net/links.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { add, addressesIn, column, labels, port, ports } from '../support/ports.ts'
import { Reconciling } from '../support/reconciling.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

describe('a reconciler', () => {
  let all: AsyncDisposableStack
  let bridge: TestBridge

  beforeEach(() => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
  })

  afterEach(() => all.disposeAsync())

  const open = async (options = {}): Promise<Reconciling> => all.use(await Reconciling.open(options))
  const FULL = {
    ...{ 'ovs.gateway': '10.0.0.1', 'ovs.routes': '10.1.0.0/16,10.0.0.254', 'ovs.vlan': '7', 'ovs.rate': '10M' },
    'ovs.mtu': '1400',
  }
  const both = () =>
    labels(bridge, '10.0.0.2/24', {
      ...FULL,
      ...{ 'ovs.eth2.bridge': bridge.name, 'ovs.eth2.ip_address': '10.2.0.2/24,fd02::2/64' },
    })

  it('attaches what labels ask for, and then finds it in place without starting a process or asking the engine', async () => {
    const site = await open()
    const web = await site.engine.run(both())
    assert.deepEqual(await site.look(web), ['+ c0 eth1', '+ c0 eth2'])
    assert.deepEqual(ports(bridge), [port(web), port(web, 'eth2')].sort())
    assert.equal(column('Port', port(web), 'tag'), '7')
    assert.match(addressesIn(web), / 10\.0\.0\.2\/24 /)
    assert.match(toolIn(web.netns, 'ip', 'route'), /default via 10\.0\.0\.1 dev eth1/)
    const asked = site.engine.asked.length
    assert.deepEqual(await site.look(web), [])
    assert.deepEqual([site.started, site.engine.asked.length - asked], [[], 0])
  })

  it('finds it in place after a restart of its own, still without a process', async () => {
    const site = await open()
    const web = await site.engine.run(both())
    await site.look(web)
    await site.forgetAll()
    assert.deepEqual([await site.look(web), site.started], [[], []])
  })

  it('looks inside when it is to be thorough, and changes nothing of what is right', async () => {
    const site = await open()
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24', FULL))
    await site.look(web)
    const before = snapshot(web.netns)
    assert.deepEqual(await site.lookThoroughly(web), [])
    assert.ok(site.started.some((line) => line.includes('ip -json address show')))
    assert.deepEqual(snapshot(web.netns), before)
  })

  it('knows a VLAN bridge for what it is', async () => {
    tool('ovs-vsctl', 'add-br', 'bkv7', bridge.name, '7')
    const site = await open()
    const web = await site.engine.run(labels('bkv7', '10.0.0.2/24'))
    assert.deepEqual(await site.look(web), ['+ c0 eth1'])
    assert.equal(column('Port', port(web), 'tag'), '7')
    await site.forgetAll()
    assert.deepEqual([await site.look(web), site.started], [[], []])
    const db = await site.engine.run(labels('bkv7', '10.0.0.3/24', { 'ovs.vlan': '8' }))
    assert.deepEqual(await site.look(db), ['! c1 eth1 BadInput'])
  })

  it('repairs all that somebody changed in one go', async () => {
    const site = await open()
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24', FULL))
    await site.look(web)
    const before = snapshot(web.netns)
    const ofport = column('Interface', port(web), 'ofport')
    tool('ovs-vsctl', 'set', 'Port', port(web), 'tag=9', '--', 'set', 'Interface', port(web), 'ingress_policing_rate=5')
    toolIn(web.netns, 'ip', 'address', 'flush', 'dev', 'eth1', 'scope', 'global')
    const [said = '', ...more] = await site.look(web)
    assert.match(
      said,
      /^~ c0 eth1: Set the VLAN of \S+ to 7; Limit \S+ to 10Mbit\/s; Repair eth1: 10\.0\.0\.2\/24 is missing/,
    )
    assert.deepEqual(more, [])
    assert.deepEqual(snapshot(web.netns), before)
    assert.equal(column('Interface', port(web), 'ofport'), ofport, 'it was made anew')
  })

  it('makes anew what was renamed or deleted inside, or whose port was deleted', async () => {
    const site = await open()
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24'))
    await site.look(web)
    for (const damage of [
      () => toolIn(web.netns, 'ip', 'link', 'del', 'eth1'),
      () => tool('ovs-vsctl', 'del-port', port(web)),
      () => tool('ip', 'link', 'del', port(web)),
      () => toolIn(web.netns, 'sh', '-c', 'ip link set eth1 down && ip link set eth1 name eth9'),
    ]) {
      damage()
      assert.deepEqual(await site.look(web), ['+ c0 eth1'], String(damage))
      assert.match(addressesIn(web), / 10\.0\.0\.2\/24 /)
      assert.deepEqual(ports(bridge), [port(web)])
    }
  })

  it('says once what is refused, again when the reason changes, and when it is had at last', async () => {
    const site = await open()
    const [first, second] = [
      await site.engine.run(labels(bridge, '10.0.0.2/24')),
      await site.engine.run(labels(bridge, '10.0.0.2/24')),
    ]
    await site.look(first)
    assert.deepEqual(await site.look(second), ['! c1 eth1 AddressInUse'])
    assert.deepEqual([await site.look(second), await site.lookThoroughly(second)], [[], []])
    assert.deepEqual([site.reconciler.refused, site.reconciler.refusedFor('AddressInUse')], [1, [second.id]])
    toolIn(second.netns, 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'far')
    await first.stop()
    await site.look(first)
    assert.deepEqual(await site.look(second), ['! c1 eth1 InterfaceExists'])
    toolIn(second.netns, 'ip', 'link', 'del', 'eth1')
    assert.deepEqual(await site.look(second), ['+ c1 eth1', 'ok c1 eth1'])
    assert.equal(site.reconciler.refused, 0)
  })

  it('says once what is wrong with several labels, and attaches the others', async () => {
    const site = await open()
    const wrong = { 'ovs.foo1': 'x', 'ovs.bar1': 'x', 'ovs.eth1.ip_address': '10.0.0.2/24', 'ovs.eth2.mtu': 'many' }
    const web = await site.engine.run({ ...wrong, 'ovs.eth1.bridge': bridge.name })
    assert.deepEqual(await site.look(web), [
      '! c0  UnknownLabel',
      '! c0  UnknownLabel',
      '! c0 eth2 BadInput',
      '+ c0 eth1',
    ])
    assert.deepEqual([await site.look(web), await site.lookThoroughly(web), site.reconciler.refused], [[], [], 2])
  })

  it('leaves what is not its own alone, and says so', async () => {
    const site = await open()
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24'))
    await add(site, bridge, web, '--ipaddress=10.0.0.9/24')
    const before = snapshot(web.netns)
    assert.deepEqual(await site.look(web), ['! c0 eth1 AttachedByOther'])
    assert.deepEqual(snapshot(web.netns), before)
    await web.stop()
    assert.deepEqual(await site.look(web), [])
    assert.deepEqual(ports(bridge), [port(web)])
  })

  it('removes the ports of a container that stopped, and attaches its next life', async () => {
    const site = await open()
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24'))
    await site.look(web)
    await web.stop()
    assert.deepEqual(await site.look(web), ['- c0 eth1: its container stopped'])
    assert.deepEqual([ports(bridge), await site.look(web), site.started], [[], [], []])
    await web.start()
    assert.deepEqual(await site.look(web), ['+ c0 eth1'])
    await web.stop()
    await web.start()
    assert.deepEqual(await site.look(web), ['+ c0 eth1'], 'restarted between two looks')
    assert.match(addressesIn(web), / 10\.0\.0\.2\/24 /)
  })

  it('removes the ports of a container that is gone; of one that it never saw only the dead ones', async () => {
    const site = await open()
    const [seen, unseen] = [
      await site.engine.run(labels(bridge, '10.0.0.2/24')),
      await site.engine.run(labels(bridge, '10.0.0.3/24')),
    ]
    await site.look(seen, unseen)
    await site.forgetAll()
    for (const one of [seen, unseen]) site.engine.forget(one)
    site.reconciler.saw(seen.id)
    // Their links live: they may be containers of another engine.
    assert.deepEqual(await site.look(seen, unseen), ['- c0 eth1: its container is gone'])
    assert.deepEqual(ports(bridge), [port(unseen)])
    assert.match(addressesIn(unseen), / 10\.0\.0\.3\/24 /)
    await unseen.stop()
    // A link goes with the namespace of its other end, but not at once.
    while (linkExists(port(unseen))) await sleep(5)
    assert.deepEqual(await site.look(unseen), ['- c1 eth1: its container is gone'])
    assert.deepEqual(ports(bridge), [])
  })

  it('removes interfaces of its own that nothing asks for any more', async () => {
    const site = await open()
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24', { 'ovs.eth2.bridge': bridge.name }))
    await site.look(web)
    Object.defineProperty(web, 'labels', { value: labels(bridge, '10.0.0.2/24') })
    assert.deepEqual(await site.lookThoroughly(web), ['- c0 eth2: nothing asks for it any more'])
    assert.deepEqual(ports(bridge), [port(web)])
  })

  it('changes nothing in a dry run, and says what it would do', async () => {
    const site = await open({ dryRun: true })
    const web = await site.engine.run(labels(bridge, '10.0.0.2/24'))
    const before = snapshot(web.netns)
    const would = [`? c0 Attach eth1 of c0 to ${bridge.name}`]
    assert.deepEqual([await site.look(web), await site.look(web)], [would, would])
    assert.deepEqual(snapshot(web.netns), before)
    const missing = await site.engine.run(labels('bk-missing', '10.0.0.2/24'))
    assert.deepEqual(await site.look(missing, web), [...would, '? c1 Attach eth1 of c1 to bk-missing'])
    assert.deepEqual(snapshot(web.netns), before)
    const real = await open()
    const other = await real.engine.run(labels(bridge, '10.0.0.4/24'))
    await real.look(other)
    const attached = snapshot(other.netns)
    site.reconciler.saw(other.id)
    assert.deepEqual(await site.look(other), [`? ${other.name} Detach ${port(other)}`])
    assert.deepEqual(snapshot(other.netns), attached)
  })

  it('remembers what it knows of containers, until they end', async () => {
    const site = await open()
    const [web, idle] = [await site.engine.run(labels(bridge, '10.0.0.2/24')), await site.engine.run({})]
    const twin = await site.engine.run(labels(bridge, '10.0.0.2/24'))
    await site.look(web, idle)
    await site.look(twin)
    assert.deepEqual(site.reconciler.remembered, new Set([web.id, twin.id]))
    await web.stop()
    await site.engine.remove(twin)
    await site.look(web, twin)
    assert.deepEqual([site.reconciler.remembered, site.reconciler.refused], [new Set(), 0])
  })
})
