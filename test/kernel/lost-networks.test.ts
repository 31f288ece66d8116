// What `ovsd watch` brings back from the store when the database has lost it, one network at a time.
import { strict as assert } from 'node:assert'
import { openHost } from '../../src/lib/host.ts'
import { lostNetworks } from '../../src/lib/reconcile/lost-networks.ts'
import { nobody } from '../../src/lib/run/observer.ts'
import { runPlan } from '../../src/lib/run/run-plan.ts'
import { json, ok } from '../support/ovsd.ts'
import { ID2, keep, network, testStore, treeOf, type TestStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'

const signal = new AbortController().signal
const BRIDGES = ['bs0', 'bs1']
const lose = (...bridges: readonly string[]): void => {
  for (const bridge of bridges) tool('ovs-vsctl', '--if-exists', 'del-br', bridge)
}
const networks = (): readonly unknown[] => json('net', 'ls') as readonly unknown[]

describe('networks that the database has lost', function () {
  this.timeout(60_000)
  let test: TestStore
  let at: string
  let folderBefore: string | undefined
  beforeEach(() => {
    test = testStore()
    folderBefore = process.env['OVSD_DATA_DIR']
    process.env['OVSD_DATA_DIR'] = test.folder
    at = `--state-dir=${test.folder}`
    ok('net', 'create', 'blue', '--bridge=bs0', '--subnet=10.3.0.0/24', '--mode=l2', '--vlan=7', at)
    ok('net', 'create', 'red', '--bridge=bs0', '--subnet=10.3.0.0/24', '--tenant=acme', '--mode=l2', at)
    ok('net', 'create', 'green', '--bridge=bs1', '--mode=l2', at)
  })
  afterEach(() => {
    lose(...BRIDGES)
    if (folderBefore === undefined) delete process.env['OVSD_DATA_DIR']
    else process.env['OVSD_DATA_DIR'] = folderBefore
    test[Symbol.dispose]()
  })

  /** One look: what became of each network that was missing. */
  async function look(): Promise<readonly string[]> {
    using host = openHost()
    const told: string[] = []
    for (const due of await lostNetworks(host, signal)) {
      try {
        const plan = await due.plan(signal)
        if (plan !== undefined) await runPlan(plan, signal, nobody)
        told.push(`${due.about}: ${plan === undefined ? 'nothing' : 'back'}`)
      } catch (error) {
        told.push(`${due.about}: ${(error as { code: string }).code}`)
      }
    }
    return told.sort()
  }

  it('come back as they were, and once; what is there is left alone', async () => {
    const before = networks()
    assert.deepEqual(await look(), [])
    lose(...BRIDGES)
    assert.deepEqual(await look(), ['network blue: back', 'network green: back', 'network red: back'])
    assert.deepEqual(networks(), before)
    assert.deepEqual(await look(), [])
    lose('bs1')
    assert.deepEqual(await look(), ['network green: back'])
    assert.deepEqual(networks(), before)
  })

  it('whose place another one has taken: that is told, and the others come back', async () => {
    lose(...BRIDGES)
    ok('net', 'create', 'grey', '--bridge=bs0', '--mode=l2', '--vlan=7', '--tenant=other', at)
    assert.deepEqual(await look(), ['network blue: ImportConflict', 'network green: back', 'network red: back'])
  })

  it('and that were made anew by hand: the old ones are forgotten, and nothing is missing', async () => {
    lose('bs1')
    const [before, files] = [networks(), treeOf(test.folder)]
    ok('net', 'create', 'green', '--bridge=bs1', '--mode=l2', '--vlan=9', at)
    assert.equal(Object.keys(treeOf(test.folder)).length, Object.keys(files).length)
    ok('state', 'check', at)
    assert.deepEqual(await look(), [])
    ok('net', 'rm', 'green', at)
    assert.deepEqual([await look(), networks()], [[], before])
  })

  it('of which there are two copies: nobody knows which is meant, and neither is made', async () => {
    const [entry] = (await test.store.all('networks')).filter(({ content }) =>
      JSON.stringify(content).includes('"green"'),
    )
    assert.ok(entry !== undefined)
    const { name, bridge, words } = entry.content as { name: string; bridge: string; words: Record<string, string> }
    await keep(test.store, network(ID2), { name, bridge, words: { ...words, id: ID2 } })
    lose('bs1')
    assert.deepEqual(await look(), [])
  })
})
