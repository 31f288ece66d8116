import { strict as assert } from 'node:assert'
import { addressMark, marksFor, OURS, readMarks } from '../../src/lib/attach/marks.ts'
import type { Host } from '../../src/lib/host.ts'
import { parseHostCidr } from '../../src/lib/net/cidr.ts'
import { NO_VLAN, type Vlan } from '../../src/lib/net/vlan.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'
import { attachment, ID } from '../support/samples.ts'

const VLANS: readonly Vlan[] = [
  NO_VLAN,
  { kind: 'access', tag: 1 },
  { kind: 'access', tag: 4094 },
  { kind: 'trunk', trunks: [7] },
  { kind: 'trunk', trunks: [1, 2, 3, 100, 4094] },
  { kind: 'trunk', trunks: [] },
  { kind: 'native', tag: 5, trunks: [] },
  { kind: 'native', tag: 5, trunks: [7, 8, 9] },
]

/** Texts that a mark may hold: what any shell, JSON, or the syntax of ovs-vsctl makes something of. */
const ODD = [
  '',
  ' ',
  'a b',
  '"',
  '"quoted"',
  "it's",
  '\\',
  '\\n',
  'two\nlines\t.',
  '\u0001\u001F\u007F',
  '--',
  '-x',
  '[]',
  '{a=b}',
  'a,b=c:d;e',
  '@i',
  '$(id)`id`',
  '%s',
  'true',
  '5',
  '0123456789abc',
  '7d6a627c-195e-421c-980c-1cd41f72b727',
  'ünï 眼 😀',
  'x'.repeat(65_536),
]

describe('OvsReader', function () {
  this.timeout(30_000)
  let db: TestDatabase
  let host: Host

  before(async () => {
    db = await testDatabase()
  })
  beforeEach(() => {
    host = db.host()
  })
  afterEach(() => {
    host[Symbol.dispose]()
    db.vsctl('--if-exists', 'del-br', 'br0', '--', '--if-exists', 'del-br', 'br1')
    assert.equal(db.vsctl('--columns=name', '--bare', 'list', 'Interface'), '')
  })
  after(async () => {
    await db[Symbol.asyncDispose]()
  })

  const addPort = (bridge: string, port: string, marks: Readonly<Record<string, string>> = {}, vlan: Vlan = NO_VLAN) =>
    host.run(host.vsctl.addPort({ bridge, port, vlan, marks }))

  it('finds a bridge, or none', async () => {
    assert.equal(await host.ovs.bridge('br0'), undefined)
    await host.run(host.vsctl.addBridge('br0', 'netdev', { ovsd: '1' }))
    db.vsctl('add-br', 'br1', '--', 'set-fail-mode', 'br1', 'secure')
    const [br0, br1] = await Promise.all([host.ovs.bridge('br0'), host.ovs.bridge('br1')])
    assert.deepEqual([br0?.name, br0?.datapathType, br0?.externalIds], ['br0', 'netdev', { ovsd: '1' }])
    assert.deepEqual([br1?.name, br1?.datapathType, br1?.externalIds], ['br1', 'system', {}])
    assert.equal(db.vsctl('get', 'Bridge', 'br0', '_uuid'), br0?.uuid)
    await host.run(host.vsctl.delBridge('br0'))
    assert.equal(await host.ovs.bridge('br0'), undefined)
    await host.run(host.vsctl.delBridge('br0'))
  })

  for (const vlan of VLANS)
    it(`reads a port of VLAN ${JSON.stringify(vlan)} as it was added`, async () => {
      db.vsctl('add-br', 'br0')
      await addPort('br0', 'p_l', {}, vlan)
      const [rows = []] = await host.ovs.interfaces([{ name: 'p_l' }])
      const [where] = await host.ovs.locate(rows)
      assert.deepEqual(where?.port.vlan, vlan)
      assert.deepEqual([where.bridge.name, where.port.name, where.interface.name], ['br0', 'p_l', 'p_l'])
      assert.deepEqual([where.interface.ofport, where.interface.error], [undefined, ''])
    })

  for (const text of ODD)
    it(`reads back the mark ${JSON.stringify(text.slice(0, 40))}, and finds the row by it`, async () => {
      db.vsctl('add-br', 'br0')
      const marks = { container_id: text, [`key ${text.slice(0, 40)}`]: 'x' }
      await addPort('br0', 'p_l', marks)
      await addPort('br0', 'other_l', { container_id: `${text}!` })
      const [rows = []] = await host.ovs.interfaces([{ has: marks }])
      assert.deepEqual(
        rows.map(({ name, externalIds }) => [name, externalIds]),
        [['p_l', marks]],
      )
    })

  it('reads back everything that marks an attachment, and finds it by each mark that is looked up', async () => {
    db.vsctl('add-br', 'br0')
    const one = attachment({ addresses: ['10.0.0.2/24', 'fd00::2/64'].map((text) => parseHostCidr(text)) })
    await addPort('br0', 'p_l', marksFor(one))
    const queries = [OURS, { ovsd_id: ID }, addressMark('10.0.0.2', 'br0'), addressMark('fd00::2', 'br0')]
    for (const [row, ...more] of await host.ovs.interfaces(queries.map((has) => ({ has })))) {
      assert.deepEqual(readMarks(row?.externalIds ?? {}), readMarks(marksFor(one)))
      assert.equal(more.length, 0)
    }
    const none = [addressMark('10.0.0.2', 'br1'), addressMark('10.0.0.3', 'br0'), { ovsd_id: ID.slice(0, 12) }]
    assert.deepEqual(await host.ovs.interfaces(none.map((has) => ({ has }))), [[], [], []])
  })

  it('asks for rows that have some marks and lack others', async () => {
    db.vsctl('add-br', 'br0')
    await addPort('br0', 'ours_l', { container_iface: 'eth1', ovsd: '1' })
    await addPort('br0', 'theirs_l', { container_iface: 'eth1' })
    await addPort('br0', 'other_l', { container_iface: 'eth2' })
    const names = async (query: object) => (await host.ovs.interfaces([query]))[0]?.map(({ name }) => name).sort()
    assert.deepEqual(await names({ has: { container_iface: 'eth1' } }), ['ours_l', 'theirs_l'])
    assert.deepEqual(await names({ has: { container_iface: 'eth1' }, lacks: { ovsd: '1' } }), ['theirs_l'])
    assert.deepEqual(await names({ name: 'ours_l', lacks: { ovsd: '1' } }), [])
    assert.deepEqual(await names({}), ['br0', 'other_l', 'ours_l', 'theirs_l'])
    assert.deepEqual(await names({ type: 'internal' }), ['br0'])
    assert.deepEqual(await names({ type: '', has: { ovsd: '1' } }), ['ours_l'])
  })

  it('locates ports on their bridges, in the order asked for', async () => {
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1')
    for (const [bridge, port] of [
      ['br0', 'a_l'],
      ['br1', 'b_l'],
      ['br0', 'c_l'],
    ] as const)
      await addPort(bridge, port)
    const rows = (await host.ovs.interfaces(['c_l', 'b_l', 'a_l'].map((name) => ({ name })))).flat()
    const found = await host.ovs.locate(rows)
    assert.deepEqual(
      found.map(({ port, bridge }) => `${port.name} ${bridge.name}`),
      ['c_l br0', 'b_l br1', 'a_l br0'],
    )
    assert.deepEqual(await host.ovs.locate([]), [])
  })

  it('leaves out an interface whose port went meanwhile', async () => {
    db.vsctl('add-br', 'br0')
    await addPort('br0', 'a_l')
    await addPort('br0', 'b_l')
    const rows = (await host.ovs.interfaces([{ name: 'a_l' }, { name: 'b_l' }])).flat()
    db.vsctl('del-port', 'a_l')
    assert.deepEqual(
      (await host.ovs.locate(rows)).map(({ port }) => port.name),
      ['b_l'],
    )
  })

  it('lists every port of every bridge, those of bonds with each interface', async () => {
    db.vsctl('add-br', 'br0', '--', 'add-br', 'br1', '--', 'add-bond', 'br1', 'bond0', 'e0', 'e1')
    await addPort('br0', 'a_l', { container_id: 'web' }, { kind: 'access', tag: 10 })
    const all = (await host.ovs.everything()).map(
      ({ bridge, port, interface: row }) => `${bridge.name} ${port.name} ${row.name} ${JSON.stringify(port.vlan)}`,
    )
    assert.deepEqual(all.sort(), [
      'br0 a_l a_l {"kind":"access","tag":10}',
      'br0 br0 br0 {"kind":"none"}',
      'br1 bond0 e0 {"kind":"none"}',
      'br1 bond0 e1 {"kind":"none"}',
      'br1 br1 br1 {"kind":"none"}',
    ])
    assert.deepEqual(await host.ovs.portsOf('br0'), ['a_l'])
    assert.deepEqual(await host.ovs.portsOf('br2'), [])
  })

  it('sees nothing in an empty database', async () => {
    assert.deepEqual(await host.ovs.everything(), [])
    assert.deepEqual(await host.ovs.interfaces([{}]), [[]])
    assert.deepEqual(await host.ovs.interfaces([]), [])
  })
})
