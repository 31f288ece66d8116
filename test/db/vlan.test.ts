import { strict as assert } from 'node:assert'
import type { Host } from '../../src/lib/host.ts'
import { describeVlan, NO_VLAN, type Vlan, columnsOfVlan } from '../../src/lib/net/vlan.ts'
import { vlanSet } from '../../src/lib/plan/steps/vlan-set.ts'
import { testDatabase, type TestDatabase } from '../support/database.ts'

const VLANS: readonly Vlan[] = [
  NO_VLAN,
  { kind: 'access', tag: 10 },
  { kind: 'access', tag: 20 },
  { kind: 'trunk', trunks: [7, 8, 9, 100] },
  { kind: 'trunk', trunks: [] },
  { kind: 'native', tag: 5, trunks: [] },
  { kind: 'native', tag: 6, trunks: [7, 4094] },
]
const NEVER = new AbortController().signal
const show = (vlan: Vlan): string => (vlan.kind === 'none' ? 'none' : JSON.stringify(vlan))

describe('the VLAN of a port', function () {
  this.timeout(30_000)
  let db: TestDatabase
  let host: Host

  before(async () => {
    db = await testDatabase()
    db.vsctl('add-br', 'br0')
    host = db.host()
  })
  afterEach(() => {
    db.vsctl('--if-exists', 'del-port', 'p_l')
  })
  after(async () => {
    host[Symbol.dispose]()
    await db[Symbol.asyncDispose]()
  })

  /** The three columns as the database has them. */
  const columns = (): string => db.vsctl('get', 'Port', 'p_l', 'tag', 'trunks', 'vlan_mode')
  const add = (vlan: Vlan) => host.run(host.vsctl.addPort({ bridge: 'br0', port: 'p_l', vlan, marks: {} }))
  const fresh = async (vlan: Vlan): Promise<string> => {
    await add(vlan)
    const found = columns()
    db.vsctl('del-port', 'p_l')
    return found
  }

  for (const from of VLANS)
    for (const to of VLANS)
      it(`changed from ${show(from)} to ${show(to)} is what a new port has`, async () => {
        const expected = await fresh(to)
        await add(from)
        await host.run(host.vsctl.setVlan('p_l', to))
        assert.equal(columns(), expected)
      })

  for (const from of VLANS)
    it(`changed from ${show(from)} and back is what it was, and each way is known to be done`, async () => {
      const to: Vlan = { kind: 'native', tag: 99, trunks: [98] }
      await add(from)
      const before = columns()
      const step = vlanSet(host, 'p_l', to, columnsOfVlan(from))
      assert.equal(await step.isDone(NEVER), false)
      await step.apply(NEVER)
      assert.equal(await step.isDone(NEVER), true)
      await step.apply(NEVER)
      const [where] = await host.ovs.locate((await host.ovs.interfaces([{ name: 'p_l' }]))[0] ?? [])
      assert.equal(describeVlan(where?.port.vlan ?? NO_VLAN), 'native 99 trunk 98')
      await step.undo(NEVER)
      assert.equal(columns(), before)
      await step.undo(NEVER)
      assert.equal(columns(), before)
    })

  it('of a port that is gone is not done, and cannot be set', async () => {
    const step = vlanSet(host, 'p_l', { kind: 'access', tag: 10 }, columnsOfVlan(NO_VLAN))
    assert.equal(await step.isDone(NEVER), false)
    await assert.rejects(step.apply(NEVER), /no row "p_l" in table Port/)
  })
})
