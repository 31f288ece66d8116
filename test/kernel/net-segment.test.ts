// The VLAN that a new network gets, when others are on its bridge already of whom no network can be read.
import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { networkNamed, networksOf, type Network } from '../../src/lib/network/networks.ts'
import { segmentFor } from '../../src/lib/network/segment.ts'
import { parseNetworkSpec } from '../../src/lib/network/spec.ts'
import type { NetworkWords } from '../../src/lib/network/words.ts'
import { testBridge } from '../support/bridge.ts'
import { attached, join } from '../support/mirrors.ts'
import { bareNamespace } from '../support/namespace.ts'
import { ok, ovsd, start } from '../support/ovsd.ts'
import { Reconciling } from '../support/reconciling.ts'
import { testStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'

/** What a network of this bridge would get. */
async function chosen(bridge: string, words: Partial<NetworkWords>, force = false): Promise<number | undefined> {
  using host = openHost()
  const spec = parseNetworkSpec({ name: 'red', bridge, mode: 'l2', ...words })
  return await segmentFor(host, spec, await networksOf(host), force)
}

describe('the VLAN of a new network', () => {
  // A port's link outlives a bridge that somebody deleted.
  afterEach(() => ok('gc'))

  it('that was asked for is refused while somebody is in it who is of no network, or of another tenant', async () => {
    using bridge = testBridge()
    const { name } = bridge
    using web = attached(name, 'eth1', '--vlan=77')
    using db = attached(name, 'eth1', '--vlan=88', '--tenant=beta')
    for (const words of [{}, { tenant: 'acme' }, { name: 'web' }])
      await assert.rejects(chosen(name, { ...words, vlan: '77' }), {
        ...{ code: 'SegmentTaken', message: `VLAN 77 of ${name} has eth1 of ${web.name} in it.` },
      })
    await assert.rejects(chosen(name, { tenant: 'acme', vlan: '88' }), {
      ...{ code: 'SegmentTaken', message: `VLAN 88 of ${name} has eth1 of ${db.name} of the tenant beta in it.` },
    })
    assert.equal(await chosen(name, { tenant: 'acme', vlan: '88' }, true), 88)
    assert.equal(await chosen(name, { tenant: 'acme', vlan: '89' }), 89)
    // One that comes back from the store, too: they may have come while nobody knew of it.
    await assert.rejects(chosen(name, { id: 'ab'.repeat(32), vlan: '77' }), { code: 'SegmentTaken' })
    // What is no container's: the link to a switch, say.
    tool('ovs-vsctl', 'set', 'Interface', web.port, 'external_ids={}')
    assert.equal(await chosen(name, { vlan: '77' }), 77)
  })

  it('whose record is damaged stays its own: neither its tag nor the untagged traffic is given out', async () => {
    using bridge = testBridge()
    const { name } = bridge
    using namespace = bareNamespace()
    ok('net', 'create', 'blue', `--bridge=${name}`, '--mode=l2', '--vlan=2', '--tenant=beta')
    await join({ name: 'blue', bridge: name, vlan: 2 }, namespace)
    const key = 'external_ids:ovsd_net.blue'
    const record = tool('ovs-vsctl', 'get', 'Bridge', name, key).trim()
    assert.equal(await chosen(name, {}), undefined)
    tool('ovs-vsctl', 'set', 'Bridge', name, `${key}="{"`)
    assert.equal(await chosen(name, {}), 3)
    await assert.rejects(chosen(name, { vlan: '2' }), { code: 'SegmentTaken' })
    // Gone altogether, it may be made again with whom it had.
    tool('ovs-vsctl', 'remove', 'Bridge', name, 'external_ids', 'ovsd_net.blue')
    assert.equal(await chosen(name, { name: 'blue', vlan: '2' }), 2)
    tool('ovs-vsctl', 'set', 'Bridge', name, `${key}=${record}`)
    ok('net', 'rm', 'blue', '--force')
  })

  it('is not that of a persistent container that has stopped: it comes back there', async () => {
    using bridge = testBridge()
    await using site = await Reconciling.open()
    const web = await site.engine.run({})
    const { name } = bridge
    const persistent = ['--vlan=2', '--tenant=acme', '--persist', `--docker=unix://${site.engine.socket}`]
    const { status, stderr } = await start(['add-port', name, 'eth1', web.name, ...persistent]).ended
    assert.equal(status, 0, stderr)
    await site.forgetAll()
    await web.stop()
    await site.look(web)
    assert.equal(tool('ovs-vsctl', 'list-ports', name).trim(), '')
    assert.equal(await chosen(name, { tenant: 'red' }), 3)
    await assert.rejects(chosen(name, { tenant: 'red', vlan: '2' }), {
      ...{ code: 'SegmentTaken', message: `VLAN 2 of ${name} is kept for eth1 of ${web.name} of the tenant acme.` },
    })
    assert.equal(await chosen(name, { tenant: 'red', vlan: '2' }, true), 2)
    // What a network keeps for its own containers is not in its way.
    const key = `ovsd_persist.${web.id}.eth1`
    const record = idsOf(name)[key] ?? ''
    const ofBlue = JSON.stringify({ ...(JSON.parse(record) as object), network: 'blue' })
    tool('ovs-vsctl', 'set', 'Bridge', name, `external_ids:"${key}"=${JSON.stringify(ofBlue)}`)
    assert.equal(await chosen(name, { name: 'blue', tenant: 'acme', vlan: '2' }), 2)
    await assert.rejects(chosen(name, { name: 'blue', tenant: 'beta', vlan: '2' }), { code: 'SegmentTaken' })
  })

  for (const how of ['a port', 'a record'] as const)
    it(`that comes back from the store: not to a stranger, here ${how}; to its own it does`, async () => {
      using bridge = testBridge()
      using store = testStore()
      const at = `--state-dir=${store.folder}`
      const { name } = bridge
      const stop = (): string => tool('ovs-vsctl', 'del-br', name)
      const again = (): string => tool('ovs-vsctl', 'add-br', name, '--', 'set', 'Bridge', name, 'datapath_type=netdev')
      ok('net', 'create', 'blue', `--bridge=${name}`, '--mode=l2', '--tenant=t9', at)
      const { spec } = await recorded('blue')
      assert.equal(spec.vlan, 2)
      stop()
      again()
      {
        using _other = how === 'a port' ? attached(name, 'eth1', '--vlan=2', '--tenant=other') : keep(name, 'other')
        const { status, stderr } = ovsd(['state', 'import', at])
        assert.equal(status, 1)
        assert.match(stderr, /blue: VLAN 2 of \S+ (has|is kept for) eth1 of \S+ of the tenant other/)
        await assert.rejects(recorded('blue'), { code: 'NetworkMissing' })
      }
      stop()
      again()
      using namespace = bareNamespace()
      if (how === 'a port') await join({ name: 'blue', bridge: name, vlan: 2 }, namespace, { tenant: 't9' })
      else keep(name, 't9', 'blue')
      ok('state', 'import', at)
      assert.deepEqual((await recorded('blue')).spec, spec)
    })
})

async function recorded(name: string): Promise<Network> {
  using host = openHost()
  return await networkNamed(host, name)
}

/** What is left on a bridge of a persistent container that does not run, until the bridge goes. */
function keep(bridge: string, tenant: string, network?: string): Disposable {
  const spec = { addresses: [], gateways: [], routes: [], mac: '02:00:00:00:00:02', mtu: null }
  const record = JSON.stringify({ name: 'web', vlan: { tag: 2, trunks: [], mode: '' }, spec, tenant, network })
  const key = `ovsd_persist.${'c'.repeat(64)}.eth1`
  tool('ovs-vsctl', 'set', 'Bridge', bridge, `external_ids:"${key}"=${JSON.stringify(record)}`)
  return { [Symbol.dispose]: () => undefined }
}

/** The external_ids of a bridge. */
function idsOf(bridge: string): Readonly<Record<string, string>> {
  const rows = tool('ovs-vsctl', '--format=json', '--columns=external_ids', 'find', 'Bridge', `name=${bridge}`)
  const { data } = JSON.parse(rows) as { data: [['map', [string, string][]]][] }
  return Object.fromEntries(data[0]?.[0][1] ?? [])
}
