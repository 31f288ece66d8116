// The steps that change the store, and the one that puts records of attachments back.
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import { openHost } from '../../src/lib/host.ts'
import type { ReversibleStep } from '../../src/lib/plan/step.ts'
import { networkForgotten, stateForget } from '../../src/lib/plan/steps/state-forget.ts'
import { stateRecords } from '../../src/lib/plan/steps/state-records.ts'
import { stateSetAside } from '../../src/lib/plan/steps/state-set-aside.ts'
import { networkKept, stateWrite } from '../../src/lib/plan/steps/state-write.ts'
import { testBridge } from '../support/bridge.ts'
import { snapshot } from '../support/snapshot.ts'
import { ID, ID2, keep, network, testStore, treeOf, type TestStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'

const signal = new AbortController().signal

/** The three tests that every step has, on what `look` sees. */
function stepTests<F extends Disposable>(
  what: string,
  fixture: () => Promise<F>,
  make: (fixture: F) => ReversibleStep,
  look: (fixture: F) => unknown,
): void {
  describe(what, () => {
    it('is done after apply, and not before; a second time it changes nothing', async () => {
      using given = await fixture()
      const step = make(given)
      assert.equal(await step.isDone(signal), false)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      const after = look(given)
      await make(given).apply(signal)
      assert.deepEqual(look(given), after)
    })
    it('leaves nothing after undo', async () => {
      using given = await fixture()
      const before = look(given)
      const step = make(given)
      await step.apply(signal)
      assert.notDeepEqual(look(given), before, 'look does not see this step')
      await step.undo(signal)
      assert.deepEqual(look(given), before)
    })
    it('can be undone without having been applied', async () => {
      using given = await fixture()
      const before = look(given)
      await make(given).undo(signal)
      assert.deepEqual(look(given), before)
    })
  })
}

const tree = ({ path }: TestStore): unknown => treeOf(path)
const WORDS = { name: 'blue', id: ID, bridge: 'br9', subnet: ['10.0.0.0/24'], mode: 'l2' }

async function withFile(text?: string): Promise<TestStore> {
  const test = testStore()
  await keep(test.store, network(), { old: true })
  if (text !== undefined) writeFileSync(test.of(network()), text)
  return test
}

describe('steps of the store', () => {
  const write = ({ store }: TestStore): ReversibleStep => stateWrite(store, network(), { new: true }, 'x')
  stepTests('state.write, without a store', () => Promise.resolve(testStore()), write, tree)
  stepTests('state.write, in the place of something', () => withFile(), write, tree)
  stepTests('state.write, in the place of something damaged', () => withFile('x'), write, tree)
  stepTests(
    'networkKept',
    () => withFile(),
    ({ store }) => networkKept(store, WORDS),
    tree,
  )
  stepTests(
    'state.set-aside',
    () => withFile('x'),
    ({ store }) => stateSetAside(store, network()),
    tree,
  )

  stepTests(
    'state.forget',
    () => withFile(),
    ({ store }) => stateForget(store, network(), 'x'),
    tree,
  )

  it('networkKept writes what the record on the bridge says', async () => {
    using test = testStore()
    await networkKept(test.store, WORDS).apply(signal)
    const found = await test.store.look(network())
    assert.ok(found.state === 'ok')
    const words = { id: ID, subnet: ['10.0.0.0/24'], mode: 'l2' }
    assert.deepEqual(found.content, { name: 'blue', bridge: 'br9', words })
  })

  it('state.forget is done after apply, also twice, and without a store', async () => {
    for (const text of [undefined, 'damaged']) {
      using test = await withFile(text)
      await keep(test.store, network(ID2), 1)
      const step = stateForget(test.store, network(), 'x')
      assert.equal(await step.isDone(signal), false)
      await step.apply(signal)
      assert.equal(await step.isDone(signal), true)
      await step.apply(signal)
      assert.deepEqual(
        (await test.store.all('networks')).map(({ id }) => id),
        [ID2],
      )
    }
    // What came after it stays.
    using test = await withFile()
    const forget = stateForget(test.store, network(), 'x')
    await forget.apply(signal)
    await keep(test.store, network(), { new: true })
    await forget.undo(signal)
    const found = await test.store.look(network())
    assert.deepEqual(found.state === 'ok' && found.content, { new: true })
    using none = testStore()
    const step = networkForgotten(none.store, WORDS)
    assert.equal(step.leaves, none.of(network()))
    assert.equal(await step.isDone(signal), true)
    await step.apply(signal)
    assert.deepEqual(treeOf(none.path), {})
  })

  it('an id that is none is refused when the plan is made, and not when it runs', () => {
    using test = testStore()
    for (const make of [stateWrite, stateForget] as const)
      assert.throws(() => make(test.store, { kind: 'networks', id: '../x' }, 'x', 'x'), { code: 'StateNameInvalid' })
  })

  stepTests(
    'state.records',
    () => {
      const bridge = testBridge()
      tool('ovs-vsctl', 'set', 'Bridge', bridge.name, 'external_ids:other=1')
      const host = openHost()
      return Promise.resolve({
        ...{ host, name: bridge.name },
        [Symbol.dispose]() {
          host[Symbol.dispose]()
          bridge[Symbol.dispose]()
        },
      })
    },
    ({ host, name }) => stateRecords(host, name, { 'ovsd_persist.a.eth1': '{"a":"ü \\" b"}', 'ovsd_persist.b.x': '1' }),
    () => snapshot(),
  )
})
