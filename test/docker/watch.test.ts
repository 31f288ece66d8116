// What a container gets that asks by labels, and what becomes of it when the container does something.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { container, netnsOf } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { insideSeen } from '../support/inside-seen.ts'
import { holds, NO_POLICING } from '../support/invariants.ts'
import { labelled, labelOptions, labelsOf, together } from '../support/labelled.ts'
import { ownPortsSeen, portOf } from '../support/ovs-rows.ts'
import { settingsFile } from '../support/settings-file.ts'
import { tool } from '../support/tool.ts'
import { answers, transfers } from '../support/traffic.ts'
import { watch } from '../support/watch.ts'

const docker = (...args: string[]): string => tool('docker', ...args)

describe('labels', () => {
  it('of every kind, on four interfaces: all of it is there, and traffic flows over each', async () => {
    using bridge = testBridge()
    using policy = settingsFile('trunks: true\n')
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`, `--policy=${policy.path}`])
    const common = { tenant: 'blue', rate: 500_000 }
    using a = labelled(
      {
        ...{ addresses: ['10.3.0.2/24', 'fd03::2/64'], mac: '02:03:00:00:00:02', mtu: 1400 },
        ...{ gateways: ['10.3.0.1', 'fd03::1'], routes: ['10.99.0.0/16,10.3.0.9', 'fd99::/48,fd03::9'], ...common },
      },
      { iface: 'eth2', addresses: ['10.5.0.2/24'], vlan: 100 },
      { iface: 'eth3', bridge: bridge.name, trunks: '10,20,100-103' },
      { iface: 'eth10', addresses: ['10.4.0.2/24'], native: 100, trunks: '5' },
    )
    using b = labelled(
      { addresses: ['10.3.0.3/24', 'fd03::3/64'], mtu: 1400 },
      { iface: 'eth2', addresses: ['10.4.0.3/24'], vlan: 100 },
    )
    for (const { name, wants } of [a, b])
      for (const { iface = 'eth1' } of wants)
        await watcher.sees({ event: 'port.attached', container: name, interface: iface })
    await holds({
      containers: [a, b],
      bridge: bridge.name,
      before,
      watcher,
      allTrunks: true,
      complaints: [NO_POLICING],
    })
    assert.ok(answers(a.name, '10.3.0.3'))
    assert.ok(answers(a.name, 'fd03::3'))
    // The native VLAN of a trunk and an access port of that VLAN are one network.
    assert.ok(answers(b.name, '10.4.0.2'))
    assert.ok(transfers(a.name, b.name, '10.3.0.3', 256))
  })

  it('a VLAN of its own keeps a container apart, with the same address as another one in another VLAN', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled({ addresses: ['10.3.0.2/24'], vlan: 10 })
    using b = labelled({ addresses: ['10.3.0.2/24'], vlan: 20 })
    using c = labelled({ addresses: ['10.3.0.3/24'], vlan: 20 })
    for (const { name } of [a, b, c]) await watcher.sees({ event: 'port.attached', container: name })
    await holds({ containers: [a, b, c], bridge: bridge.name, watcher })
    docker('stop', '--time=0', b.name)
    await watcher.sees({ event: 'port.detached', container: b.name })
    assert.equal(answers(a.name, '10.3.0.3', 1), false)
  })

  it('of containers that ran before the daemon, and the default bridge is created', async () => {
    const before = hostView('ovsbr0')
    using a = labelled('10.3.0.2/24')
    using b = labelled('10.3.0.3/24')
    using none = container()
    using _gone = { [Symbol.dispose]: () => void tool('ovs-vsctl', '--if-exists', 'del-br', 'ovsbr0') }
    await using watcher = await watch()
    for (const { name } of [a, b]) await watcher.sees({ event: 'port.attached', container: name, bridge: 'ovsbr0' })
    await holds({ containers: [a, b], bridge: 'ovsbr0', before, watcher })
    assert.ok(answers(a.name, '10.3.0.3'))
    assert.deepEqual(watcher.all({ container: none.name }), [])
  })
})

describe('a container that asks by labels', () => {
  it('restarted, killed and started, stopped and started: attached to its new life, the old port is gone', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled({ addresses: ['10.3.0.2/24', 'fd03::2/64'], gateways: ['10.3.0.1'] })
    using b = labelled('10.3.0.3/24')
    const attached = { event: 'port.attached', container: a.name }
    const detached = { event: 'port.detached', container: a.name, why: 'its container stopped' }
    await watcher.sees(attached)
    await watcher.sees({ event: 'port.attached', container: b.name })
    await watcher.after(() => docker('restart', '--time=0', a.name), attached)
    await watcher.after(() => docker('kill', a.name), detached)
    await holds({ containers: [b], bridge: bridge.name, before, watcher })
    await watcher.after(() => docker('start', a.name), attached)
    await watcher.after(() => docker('stop', '--time=0', a.name), detached)
    await watcher.after(() => docker('start', a.name), attached)
    await holds({ containers: [a, b], bridge: bridge.name, before, watcher })
    assert.ok(answers(b.name, '10.3.0.2'))
  })

  it('paused and renamed: nothing happens to its port', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled('10.3.0.2/24')
    await watcher.sees({ event: 'port.attached', container: a.name })
    const port = portOf(a.id)
    const { index } = insideSeen(netnsOf(a.name)).get('eth1') ?? {}
    const said = await watcher.during(0.3, () => {
      docker('pause', a.name)
      docker('unpause', a.name)
      docker('rename', a.name, `${a.name}-new`)
    })
    assert.deepEqual(said, [])
    assert.deepEqual(portOf(a.id), port)
    assert.equal(insideSeen(netnsOf(a.id)).get('eth1')?.index, index)
    const line = await watcher.after(() => docker('restart', '--time=0', a.id), 'port.attached')
    assert.equal(line['container'], `${a.name}-new`)
  })

  it('removed by force, and made again under its name with its address', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using first = labelled('10.3.0.2/24')
    await watcher.sees({ event: 'port.attached', container: first.name })
    docker('rm', '--force', first.name)
    const wants = [{ addresses: ['10.3.0.2/24'] }]
    const run = ['run', '--detach', `--name=${first.name}`, '--network=none', ...labelOptions(labelsOf(wants))]
    const id = docker(...run, 'busybox').trim()
    using second = { id, name: first.name, wants, [Symbol.dispose]: () => void docker('rm', '--force', id) }
    await watcher.sees({ event: 'port.attached', container_id: id })
    await watcher.sees({ event: 'port.detached', container_id: first.id })
    await holds({ containers: [second], bridge: bridge.name, before, watcher })
    await watcher.after(() => docker('rm', '--force', id), { event: 'port.detached', container_id: id })
    assert.deepEqual(ownPortsSeen(), [])
  })

  it('ends again and again at once: its port is there or not, and in the end nothing is left', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = labelled('10.3.0.2/24')
    for (let i = 0; i < 4; i++) docker('restart', '--time=0', a.name)
    await holds({ containers: [a], bridge: bridge.name, before, watcher, seconds: 5 })
    docker('kill', a.name)
    await holds({ containers: [], bridge: bridge.name, before, watcher, seconds: 5 })
  })
})

describe('thirty containers at once', () => {
  it('are attached, share their processes, and reach each other', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    const wants = Array.from({ length: 30 }, (_, i) => [{ addresses: [`10.3.1.${i + 1}/24`] }])
    using burst = await together(wants.map(labelsOf))
    const made = burst.all.map((one, i) => ({ ...one, wants: wants[i] ?? [] }))
    await using watcher = await watch([`--bridge=${bridge.name}`, '--verbose'])
    /** How many processes that took: transactions of ports go over a connection, each by itself (docs/decisions/0018). */
    const attached = async (from: number): Promise<number> => {
      for (const { name } of made)
        await watcher.sees({ event: 'port.attached', container: name }, { from, seconds: 20 })
      const ran = watcher.all({ event: 'command.ran' }, from).map(({ msg }) => msg)
      return ran.filter((msg) => !msg.startsWith('ovs-vsctl')).length
    }
    let from = watcher.lines.length
    await burst.start()
    await attached(from)
    from = watcher.lines.length
    tool('ovs-vsctl', ...ownPortsSeen().flatMap(({ port }) => ['--', 'del-port', port]))
    const processes = await attached(from)
    assert.ok(processes <= 52, `${processes} processes`)
    await holds({ containers: made, bridge: bridge.name, before, watcher })
    assert.ok(answers(made[0]?.name ?? '', '10.3.1.30'))
    burst[Symbol.dispose]()
    for (const { name } of made) await watcher.sees({ event: 'port.detached', container: name }, { seconds: 20 })
    await holds({ containers: [], bridge: bridge.name, before, watcher })
  })
})
