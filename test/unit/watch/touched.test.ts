import { strict as assert } from 'node:assert'
import { marksFor } from '../../../src/lib/attach/marks.ts'
import { NO_VLAN } from '../../../src/lib/net/vlan.ts'
import type { PortOnBridge } from '../../../src/lib/ovs/reader.ts'
import type { Changes } from '../../../src/lib/ovs/replica-changes.ts'
import type { BridgeRow } from '../../../src/lib/ovs/rows.ts'
import { databaseNews } from '../../../src/lib/watch/database-news.ts'
import { bridgesGone, containersOf, linksGone, mayBeOver, networksChanged } from '../../../src/lib/watch/touched.ts'
import { attachment, ID, TARGET } from '../../support/samples.ts'

const OTHER = 'b'.repeat(64)

const bridge = (name: string, uuid = name): BridgeRow => ({ uuid, name, datapathType: 'netdev', externalIds: {} })

/** A port whose interface has these external_ids. */
const where = (externalIds: Readonly<Record<string, string>>): PortOnBridge => ({
  interface: { uuid: 'i', name: 'p', externalIds, type: '', options: {}, ofport: 1, error: '', rate: 0, burst: 0 },
  port: {
    ...{ uuid: 'p', name: 'p', vlan: NO_VLAN, vlanColumns: { tag: undefined, trunks: [], mode: '' } },
    ...{ interfaces: [], isProtected: false },
  },
  bridge: bridge('br0'),
})
const marked = (id: string) => where(marksFor(attachment({ target: { ...TARGET, id } })))

describe('containersOf', () => {
  it('gives the containers of ports that came, went or changed hands, each once', () => {
    const came = { before: undefined, after: marked(ID) }
    const went = { before: marked(OTHER), after: undefined }
    assert.deepEqual(containersOf({ interfaces: [came] }), [ID])
    assert.deepEqual(containersOf({ interfaces: [went] }), [OTHER])
    assert.deepEqual(containersOf({ interfaces: [{ before: marked(ID), after: marked(OTHER) }] }), [ID, OTHER])
    assert.deepEqual(containersOf({ interfaces: [went, came, went, { before: marked(ID), after: marked(ID) }] }), [
      ...[OTHER, ID],
    ])
    assert.deepEqual(containersOf({ interfaces: [] }), [])
  })

  it('tells whose a port was when its marks have been taken away', () => {
    assert.deepEqual(containersOf({ interfaces: [{ before: marked(ID), after: where({}) }] }), [ID])
  })

  it('passes over what is no id of a container', () => {
    const ids = ['', 'web', ID.slice(1), `${ID}0`, ID.toUpperCase(), ` ${ID}`, `${ID}\n`, `${OTHER}\n${ID}`]
    const interfaces = ids.map((id) => ({ before: undefined, after: where({ ovsd_id: id }) }))
    assert.deepEqual(containersOf({ interfaces }), [])
  })
})

describe('bridgesGone', () => {
  const gone = (name: string) => ({ before: bridge(name), after: undefined })
  const came = (name: string) => ({ before: undefined, after: bridge(name, 'new') })

  it('names those that went', () => {
    assert.deepEqual(bridgesGone({ bridges: [gone('br0'), came('br1'), gone('br2')] }), ['br0', 'br2'])
    assert.deepEqual(bridgesGone({ bridges: [] }), [])
  })

  it('names none that stayed, or that came back at once', () => {
    assert.deepEqual(bridgesGone({ bridges: [{ before: bridge('br0'), after: bridge('br0') }] }), [])
    assert.deepEqual(bridgesGone({ bridges: [gone('br0'), came('br0')] }), [])
    assert.deepEqual(bridgesGone({ bridges: [came('br0'), gone('br0'), gone('br1')] }), ['br1'])
  })
})

describe('what may be over', () => {
  const row = (externalIds: Readonly<Record<string, string>>): BridgeRow => ({ ...bridge('br0'), externalIds })
  const change = (before?: Readonly<Record<string, string>>, after?: Readonly<Record<string, string>>) => ({
    interfaces: [],
    bridges: [{ before: before && row(before), after: after && row(after) }],
  })
  const NET = { 'ovsd_net.blue': '{}' }
  const KEPT = { [`ovsd_persist.${ID}.eth1`]: '{}' }

  it('is nothing when ports come, or when what is written is about something else', () => {
    assert.deepEqual(mayBeOver({ interfaces: [{ before: undefined, after: marked(ID) }], bridges: [] }), [])
    for (const [before, after] of [
      [undefined, {}],
      [{ x: '1' }, { x: '2' }],
      [NET, { ...NET, ...KEPT }],
      [
        { ...NET, ...KEPT },
        { ...NET, [Object.keys(KEPT)[0] ?? '']: '{"a":1}' },
      ],
    ] as const)
      assert.deepEqual(mayBeOver(change(before, after)), [])
  })

  it('is what somebody has taken, when a port goes or what was kept', () => {
    const taken = ['AddressInUse', 'AttachedByOther', 'InterfaceExists', 'LinkNameTaken', 'NameTaken', 'PoolExhausted']
    assert.deepEqual(mayBeOver({ interfaces: [{ before: marked(ID), after: undefined }], bridges: [] }), taken)
    assert.deepEqual(mayBeOver(change({ ...NET, ...KEPT }, NET)), taken)
    assert.deepEqual(mayBeOver(change(KEPT, undefined)), taken)
  })

  it('is what labels say of networks, when one comes, goes or becomes another', () => {
    for (const [before, after] of [
      [{}, NET],
      [undefined, NET],
      [NET, {}],
      [NET, undefined],
      [NET, { 'ovsd_net.blue': '{"vlan":"7"}' }],
    ] as const) {
      assert.equal(networksChanged(change(before, after)), true)
      assert.ok(mayBeOver(change(before, after)).includes('NetworkMissing'))
      assert.ok(!mayBeOver(change(before, after)).includes('LinkNameTaken'))
    }
    assert.equal(networksChanged(change(NET, { ...NET, ...KEPT })), false)
  })
})

describe('databaseNews', () => {
  it('has those looked at whose ports it is about, those that wait for it, and for networks those at work too', async () => {
    const told: string[] = []
    const hear = databaseNews({
      records: { update: (rows) => told.push(`records of ${rows.map(({ name }) => name).join()}`) },
      reconciler: { refusedFor: (code) => (code === 'NetworkMissing' || code === 'AddressInUse' ? [code] : []) },
      queue: { keys: ['busy'] },
      inbox: { databaseTold: (id, { thorough }) => told.push(`${id}${thorough ? ' thoroughly' : ''}`) },
    })
    const heard = async (changes: Changes): Promise<readonly string[]> => {
      told.length = 0
      hear(changes)
      await new Promise((resolve) => setImmediate(resolve))
      return told
    }
    assert.deepEqual(await heard({ interfaces: [{ before: marked(ID), after: undefined }], bridges: [] }), [
      ...[ID, 'AddressInUse'],
    ])
    assert.deepEqual(await heard({ interfaces: [{ before: undefined, after: marked(ID) }], bridges: [] }), [ID])
    const made = { before: undefined, after: { ...bridge('br0'), externalIds: { 'ovsd_net.blue': '{}' } } }
    assert.deepEqual(await heard({ interfaces: [], bridges: [made] }), ['records of br0', 'NetworkMissing', 'busy'])
  })
})

describe('linksGone', () => {
  const timed = async (...names: readonly string[]): Promise<number> => {
    const begun = performance.now()
    await linksGone(names)
    return performance.now() - begun
  }

  it('does not wait for links that are not there', async () => {
    assert.ok((await timed()) < 500)
    assert.ok((await timed('no-such-link', 'nor-this-one')) < 500)
  })

  it('waits two seconds for one that stays, even if it is the last of many', async function () {
    this.timeout(10_000)
    const took = await timed('no-such-link', 'lo')
    assert.ok(took > 1900 && took < 5000, `${took} ms`)
  })
})
