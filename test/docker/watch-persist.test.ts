// Ports that add-port made with --persist come back with their container, as long as nobody takes them away.
import { strict as assert } from 'node:assert'
import { testBridge } from '../support/bridge.ts'
import { container } from '../support/containers.ts'
import { hostView } from '../support/host-view.ts'
import { holds, NO_POLICING } from '../support/invariants.ts'
import type { Want, Wanting } from '../support/labelled.ts'
import { bridgesSeen, portOf } from '../support/ovs-rows.ts'
import { ok } from '../support/ovsd.ts'
import { tool } from '../support/tool.ts'
import { watch } from '../support/watch.ts'

const UNTAGGED: Want = {
  ...{ addresses: ['10.3.0.2/24', 'fd03::2/64'], gateways: ['10.3.0.1'], routes: ['10.99.0.0/16,10.3.0.9'] },
  ...{ mac: '02:03:00:00:00:02', mtu: 1400, rate: 500_000, tenant: 'blue' },
}
const WANT: Want = { ...UNTAGGED, native: 7, trunks: '10-12,20' }

const addPort = (bridge: string, name: string): string =>
  ok(
    ...['add-port', bridge, 'eth1', name, '--persist', '--ipaddress=10.3.0.2/24', '--ipaddress=fd03::2/64'],
    ...['--gateway=10.3.0.1', '--route=10.99.0.0/16,10.3.0.9', '--macaddress=02:03:00:00:00:02', '--mtu=1400'],
    ...['--native-vlan=7', '--trunks=10-12,20', '--rate=500M', '--tenant=blue'],
  )

/** Keys of the records on a bridge. */
const records = (bridge: string): readonly string[] =>
  bridgesSeen()
    .filter(({ name }) => name === bridge)
    .flatMap(({ ids }) => Object.keys(ids).filter((key) => key.startsWith('ovsd_persist.')))

describe('add-port --persist, with watch', () => {
  it('restarted, stopped and started, bridge deleted: back with everything; removed: the record goes', async () => {
    using bridge = testBridge()
    const before = hostView(bridge.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using persistent = container()
    const wanting: Wanting = { ...persistent, wants: [WANT] }
    using plain = container()
    addPort(bridge.name, persistent.name)
    ok('add-port', bridge.name, 'eth1', plain.name, '--ipaddress=10.3.0.3/24')
    const attached = { event: 'port.attached', container: persistent.name }
    const expected = { bridge: bridge.name, before, watcher, complaints: [NO_POLICING] }
    await watcher.after(() => tool('docker', 'restart', '--time=0', persistent.name, plain.name), attached)
    // What was not to last is what it would be without watch: a stale port, for gc or the next add-port.
    ok('gc')
    await holds({ containers: [wanting], ...expected })
    const detached = { event: 'port.detached', container: persistent.name }
    await watcher.after(() => tool('docker', 'stop', '--time=0', persistent.name), detached)
    assert.equal(records(bridge.name).length, 1)
    await watcher.after(() => tool('docker', 'start', persistent.name), attached)
    await watcher.after(() => tool('ovs-vsctl', 'del-br', bridge.name), attached)
    await holds({ containers: [wanting], ...expected })
    assert.equal(records(bridge.name).length, 1)
    await watcher.after(() => tool('docker', 'rm', '--force', persistent.name), detached)
    await holds({ containers: [], ...expected })
    assert.deepEqual(records(bridge.name), [])
    assert.equal(portOf(plain.id), undefined)
  })

  it('given another VLAN by hand: it keeps that, now and after a restart', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = container()
    addPort(bridge.name, a.name)
    const said = await watcher.during(1, () => ok('set-vlan', bridge.name, 'eth1', a.name, '30'))
    assert.deepEqual(said, [])
    const containers: readonly Wanting[] = [{ ...a, wants: [{ ...UNTAGGED, vlan: 30 }] }]
    await holds({ containers, bridge: bridge.name, watcher })
    await watcher.after(() => tool('docker', 'restart', '--time=0', a.name), {
      event: 'port.attached',
      container: a.name,
    })
    await holds({ containers, bridge: bridge.name, watcher })
  })

  it('detached by hand: it does not come back', async () => {
    using bridge = testBridge()
    await using watcher = await watch([`--bridge=${bridge.name}`])
    using a = container()
    addPort(bridge.name, a.name)
    const said = await watcher.during(0.5, () => {
      ok('del-port', bridge.name, 'eth1', a.name)
      tool('docker', 'restart', '--time=0', a.name)
    })
    assert.deepEqual(said, [])
    assert.deepEqual(records(bridge.name), [])
    assert.equal(portOf(a.id), undefined)
  })

  it('without watch while the container was restarted: the next watch attaches it', async () => {
    using bridge = testBridge()
    using a = container()
    addPort(bridge.name, a.name)
    tool('docker', 'restart', '--time=0', a.name)
    await using watcher = await watch([`--bridge=${bridge.name}`])
    await watcher.sees({ event: 'port.attached', container: a.name })
    await holds({ containers: [{ ...a, wants: [WANT] }], bridge: bridge.name, watcher })
  })
})
