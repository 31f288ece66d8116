// Records of persistent attachments: who writes them, who takes them away, and what a reconciler makes of them.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { portName } from '../../src/lib/attach/attachment.ts'
import { persistKey, readPersistRecords } from '../../src/lib/attach/persist.ts'
import { linkExists } from '../../src/lib/net/links.ts'
import { testBridge, type TestBridge } from '../support/bridge.ts'
import { start } from '../support/ovsd.ts'
import { Reconciling } from '../support/reconciling.ts'
import type { Sleeper } from '../support/sleepers.ts'
import { snapshot } from '../support/snapshot.ts'
import { tool, toolIn } from '../support/tool.ts'

const port = ({ id }: Sleeper, iface = 'eth1'): string => portName(id, iface)
const isPort = (sleeper: Sleeper, iface?: string): boolean =>
  tool('ovs-vsctl', '--columns=name', 'find', 'Port', `name=${port(sleeper, iface)}`).trim() !== ''

/** The external_ids of a bridge; all are texts without quotes within quotes but the records. */
function idsOf(bridge: string): Readonly<Record<string, string>> {
  const rows = tool('ovs-vsctl', '--format=json', '--columns=external_ids', 'find', 'Bridge', `name=${bridge}`)
  const { data } = JSON.parse(rows) as { data: [['map', [string, string][]]][] }
  return Object.fromEntries(data[0]?.[0][1] ?? [])
}

/** `IFACE ADDRESSES` of the records of a container on a bridge. */
const recordsOf = (bridge: { readonly name: string }, { id }: Sleeper): readonly string[] =>
  readPersistRecords(idsOf(bridge.name))
    .filter((record) => record.id === id)
    .map(({ iface, spec }) => `${iface} ${spec.addresses.join()}`)
    .sort()

describe('persistent attachments', () => {
  let all: AsyncDisposableStack
  let bridge: TestBridge
  let site: Reconciling
  let web: Sleeper

  beforeEach(async () => {
    all = new AsyncDisposableStack()
    bridge = all.use(testBridge())
    site = all.use(await Reconciling.open())
    web = await site.engine.run({})
  })

  afterEach(() => all.disposeAsync())

  /** Runs ovsd while this process answers as the engine. */
  const ovsd = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await start([...args, `--docker=unix://${site.engine.socket}`]).ended
    assert.equal(status, 0, stderr)
    return stdout
  }

  const add = (sleeper: Sleeper, iface: string, address: string, ...more: readonly string[]) =>
    ovsd('add-port', bridge.name, iface, sleeper.name, `--ipaddress=${address}`, ...more)

  describe('their records', () => {
    it('are written with the port, one for each interface', async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist', '--vlan=7', '--rate=10M', '--tenant=blue')
      await add(web, 'eth2', '10.1.0.2/24', '--persist')
      await add(web, 'eth3', '10.2.0.2/24')
      assert.deepEqual(recordsOf(bridge, web), ['eth1 10.0.0.2/24', 'eth2 10.1.0.2/24'])
      const [record] = readPersistRecords(idsOf(bridge.name))
      assert.deepEqual([record?.name, record?.vlan.tag, record?.rate, record?.tenant], [web.name, 7, 10_000, 'blue'])
    })

    it('go with del-port, and no others', async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist')
      await add(web, 'eth2', '10.1.0.2/24', '--persist')
      await ovsd('del-port', bridge.name, 'eth1', web.name)
      assert.deepEqual(recordsOf(bridge, web), ['eth2 10.1.0.2/24'])
    })

    for (const by of ['name', 'id', 'beginning of the id'] as const)
      it(`go with del-port by the ${by} also when the container has stopped and has no port`, async () => {
        await add(web, 'eth1', '10.0.0.2/24', '--persist')
        await site.forgetAll()
        await web.stop()
        await site.look(web)
        assert.deepEqual([isPort(web), recordsOf(bridge, web).length], [false, 1])
        await ovsd('del-port', bridge.name, 'eth1', by === 'name' ? web.name : web.id.slice(0, by === 'id' ? 64 : 12))
        assert.deepEqual(recordsOf(bridge, web), [])
        const again = await start(['del-port', bridge.name, 'eth1', web.name, '--json']).ended
        assert.equal(again.status, 1)
        assert.match(again.stdout + again.stderr, /PortMissing/)
      })

    it('go with del-ports: all of the container, none of another', async () => {
      const db = await site.engine.run({})
      await add(web, 'eth1', '10.0.0.2/24', '--persist')
      await add(db, 'eth1', '10.0.0.3/24', '--persist')
      await site.forgetAll()
      await web.stop()
      await site.look(web)
      await ovsd('del-ports', bridge.name, web.name)
      assert.deepEqual([recordsOf(bridge, web), recordsOf(bridge, db)], [[], ['eth1 10.0.0.3/24']])
      assert.equal(isPort(db), true)
    })

    it('stay when gc removes the port of a container that stopped', async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist')
      await web.stop()
      while (linkExists(port(web))) await sleep(5)
      await ovsd('gc')
      assert.deepEqual([isPort(web), recordsOf(bridge, web)], [false, ['eth1 10.0.0.2/24']])
    })

    it('go with an add-port of the same interface without --persist', async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist')
      tool('ovs-vsctl', 'del-port', port(web))
      assert.equal(recordsOf(bridge, web).length, 1)
      await add(web, 'eth1', '10.0.0.4/24')
      assert.deepEqual([recordsOf(bridge, web), isPort(web)], [[], true])
    })

    it('are written anew by an add-port of the same interface with --persist', async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist')
      tool('ovs-vsctl', 'del-port', port(web))
      await add(web, 'eth1', '10.0.0.4/24', '--persist')
      assert.deepEqual(recordsOf(bridge, web), ['eth1 10.0.0.4/24'])
    })

    it('get the new VLAN with set-vlan, and keep it when the port had it already', async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist', '--vlan=7', '--rate=10M', '--tenant=blue')
      await add(web, 'eth2', '10.1.0.2/24', '--persist', '--vlan=7')
      const recorded = (iface: string) => readPersistRecords(idsOf(bridge.name)).find((one) => one.iface === iface)
      const [before, other] = [recorded('eth1'), recorded('eth2')]
      await ovsd('set-vlan', bridge.name, 'eth1', web.name, '--trunks=10,20', '--native-vlan=5')
      const vlan = { tag: 5, trunks: [10, 20], mode: 'native-untagged' }
      assert.deepEqual([recorded('eth1'), recorded('eth2')], [{ ...before, vlan }, other])
      tool('ovs-vsctl', 'clear', 'Port', port(web), 'tag', 'trunks', 'vlan_mode')
      await ovsd('set-vlan', bridge.name, 'eth1', web.name, '--none')
      assert.deepEqual(recorded('eth1'), { ...before, vlan: { trunks: [], mode: '' } })
      assert.equal(await ovsd('set-vlan', bridge.name, 'eth1', web.name, '--none', '--dry-run'), '# nothing to do\n')
    })

    it('do not stay when add-port fails and is undone', async () => {
      toolIn(web.netns, 'ip', 'link', 'add', 'eth1', 'type', 'veth', 'peer', 'name', 'far')
      const before = snapshot(web.netns)
      const args = ['add-port', bridge.name, 'eth1', web.name, '--persist', `--docker=unix://${site.engine.socket}`]
      assert.equal((await start(args).ended).status, 1)
      assert.deepEqual(snapshot(web.netns), before)
    })
  })

  describe('with a reconciler', () => {
    beforeEach(async () => {
      await add(web, 'eth1', '10.0.0.2/24', '--persist', '--vlan=7', '--gateway=10.0.0.1', '--rate=10M', '--mtu=1400')
      await site.forgetAll()
    })

    const inside = (): string => toolIn(web.netns, 'ip', '-o', '-4', 'address', 'show', 'dev', 'eth1')

    it('are found as they were made, without a process', async () => {
      assert.deepEqual([await site.look(web), site.started], [[], []])
    })

    it('are attached again, just as they were, when the container has been restarted', async () => {
      const before = snapshot(web.netns)
      for (const isSeenStopped of [true, false]) {
        await web.stop()
        if (isSeenStopped) assert.deepEqual(await site.look(web), ['- c0 eth1: its container stopped'])
        await web.start()
        assert.deepEqual(await site.look(web), ['+ c0 eth1'])
        const { inside: within, ovs } = snapshot(web.netns)
        assert.deepEqual(within, before.inside)
        // Another life, another port row.
        const notPorts = (rows: readonly string[]) => rows.filter((row) => !/^(Bridge|Interface|Port) /.test(row))
        assert.deepEqual(notPorts(ovs), notPorts(before.ovs))
        assert.deepEqual(recordsOf(bridge, web), ['eth1 10.0.0.2/24'])
        assert.equal(tool('ovs-vsctl', 'get', 'Port', port(web), 'tag').trim(), '7')
        assert.equal(tool('ovs-vsctl', 'get', 'Interface', port(web), 'ingress_policing_rate').trim(), '10000')
        await site.look(web)
        assert.deepEqual(site.started, [])
      }
    })

    it('are forgotten when the container is gone', async () => {
      await site.look(web)
      await web.stop()
      assert.deepEqual(await site.look(web), ['- c0 eth1: its container stopped'])
      assert.equal(recordsOf(bridge, web).length, 1)
      await site.engine.remove(web)
      await site.look(web)
      assert.deepEqual([recordsOf(bridge, web), site.records.all()], [[], []])
      await site.look(web)
      assert.deepEqual(site.started, [])
    })

    it('are forgotten with the port when the container was removed while it ran', async () => {
      await site.look(web)
      await site.engine.remove(web)
      assert.deepEqual(await site.look(web), ['- c0 eth1: its container is gone'])
      assert.deepEqual([recordsOf(bridge, web), isPort(web)], [[], false])
    })

    it('stay when nobody has seen that the container was there', async () => {
      await site.engine.remove(web)
      while (linkExists(port(web))) await sleep(5)
      assert.deepEqual(await site.look(web), ['- c0 eth1: its container is gone'])
      assert.equal(recordsOf(bridge, web).length, 1)
    })

    it('follow set-vlan: it is not undone, and holds after a restart', async () => {
      await site.look(web)
      await ovsd('set-vlan', bridge.name, 'eth1', web.name, '9')
      await site.host.ovs.everything()
      assert.deepEqual([await site.look(web), site.started], [[], []])
      const tag = () => tool('ovs-vsctl', 'get', 'Port', port(web), 'tag').trim()
      assert.equal(tag(), '9')
      await web.stop()
      await web.start()
      assert.deepEqual(await site.look(web), ['+ c0 eth1'])
      assert.equal(tag(), '9')
    })

    it('are left to del-port: it is not attached again', async () => {
      await site.look(web)
      await ovsd('del-port', bridge.name, 'eth1', web.name)
      await site.host.ovs.everything()
      assert.deepEqual([await site.look(web), isPort(web)], [[], false])
    })

    it('come back when their bridge was deleted, all of them, and once', async () => {
      const [db, old] = [await site.engine.run({}), await site.engine.run({})]
      await add(db, 'eth1', '10.0.0.3/24', '--persist')
      await add(db, 'eth2', '10.1.0.3/24', '--persist')
      await add(old, 'eth1', '10.0.0.4/24', '--persist')
      await site.look(web, db, old)
      await old.stop()
      tool('ovs-vsctl', 'del-br', bridge.name)
      // One after the other: each look sees the bridge with the records of those before it only.
      assert.deepEqual(await site.look(web), ['+ c0 eth1'])
      assert.deepEqual(await site.look(db), ['+ c1 eth1', '+ c1 eth2'])
      assert.match(inside(), / 10\.0\.0\.2\/24 /)
      assert.deepEqual(await site.look(old), [])
      await old.start()
      assert.deepEqual(await site.look(old), ['+ c2 eth1'])
      for (const one of [web, db, old]) assert.deepEqual([await site.look(one), site.started], [[], []])
      assert.deepEqual(recordsOf(bridge, db), ['eth1 10.0.0.3/24', 'eth2 10.1.0.3/24'])
      await ovsd('del-port', bridge.name, 'eth2', db.name)
      assert.deepEqual([await site.look(db), isPort(db, 'eth2')], [[], false])
    })

    it('are forgotten with a container that went while its bridge was deleted', async () => {
      await site.look(web)
      tool('ovs-vsctl', 'del-br', bridge.name)
      await site.host.ovs.everything()
      await site.engine.remove(web)
      assert.deepEqual([await site.look(web), site.records.all()], [[], []])
    })

    it('give way to labels for the same interface', async () => {
      Object.defineProperty(web, 'labels', { value: { 'ovs.bridge': bridge.name, 'ovs.ip_address': '10.0.0.9/24' } })
      assert.deepEqual(await site.lookThoroughly(web), ['! c0 eth1 AttachedByOther'])
      assert.match(inside(), / 10\.0\.0\.2\/24 /)
    })

    it('are refused, and nothing else is, when their record says what nobody may', async () => {
      const [key, damaged] = [persistKey(web.id, 'eth2'), persistKey(web.id, 'eth3')]
      const vlan = { trunks: [], mode: '' }
      const spec = { addresses: ['0.0.0.0/0'], gateways: [], routes: [], mac: '02:00:00:00:00:01', mtu: null }
      const value = (text: string) => JSON.stringify(text)
      const set = ['set', 'Bridge', bridge.name]
      tool('ovs-vsctl', ...set, `external_ids:${key}=${value(JSON.stringify({ name: 'c0', vlan, spec }))}`)
      const hostile = { name: 'c0', vlan, spec: { ...spec, routes: [null] }, tenant: {} }
      tool('ovs-vsctl', ...set, `external_ids:${damaged}=${value(JSON.stringify(hostile))}`)
      tool('ovs-vsctl', 'del-port', port(web))
      await site.host.ovs.everything()
      assert.deepEqual(await site.look(web), ['! c0 eth2 BadInput', '+ c0 eth1'])
    })
  })
})
