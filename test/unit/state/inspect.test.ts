import { strict as assert } from 'node:assert'
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspectStore } from '../../../src/lib/state/inspect.ts'
import { ID, ID2, keep, network, testStore, treeOf, type TestStore } from '../../support/state.ts'

describe('inspectStore', () => {
  let test: TestStore
  beforeEach(() => {
    test = testStore({ recovery: 'strict' })
  })
  afterEach(() => {
    test[Symbol.dispose]()
  })

  /** What it says, one line each; nothing may have changed by it. */
  async function said(): Promise<readonly string[]> {
    const before = treeOf(test.path)
    const reports = (await inspectStore(test.store)) ?? assert.fail('there is no store')
    assert.deepEqual(treeOf(test.path), before)
    for (const { state, next } of reports) assert.equal(next === undefined, ['ok', 'stray'].includes(state), state)
    return reports.map(({ file, state, why }) => `${state} ${file}${why === undefined ? '' : `: ${why}`}`)
  }

  it('says that there is no store', async () => {
    assert.equal(await inspectStore(test.store), undefined)
  })

  it('names every file, and what is wrong with it, although strict is what was asked for', async () => {
    await keep(test.store, network(), 1)
    await keep(test.store, network(ID2), 1)
    await keep(test.store, { kind: 'ipam', id: ID }, 1)
    await keep(test.store, { kind: 'ovn', id: 'logical-routers' }, 1)
    writeFileSync(test.of(network()), '')
    chmodSync(test.of(network(ID2)), 0o640)
    chmodSync(test.of({ kind: 'ipam', id: ID }), 0o602)
    const inside = (name: string): string => join(test.folder, 'networks', name)
    writeFileSync(inside(`${ID}.json.backup`), '')
    writeFileSync(inside(`.${ID}.json.00.tmp`), '')
    writeFileSync(inside('notes.txt'), '')
    writeFileSync(join(test.folder, 'notes.txt'), '')
    chmodSync(join(test.folder, 'ovn'), 0o755)
    assert.deepEqual(await said(), [
      `unfinished networks/.${ID}.json.00.tmp: a run was killed while it wrote it`,
      `damaged networks/${ID}.json: it is empty`,
      `backup networks/${ID}.json.backup: it was put aside`,
      `open networks/${ID2}.json: others can read it (mode 0640)`,
      'stray networks/notes.txt: it is nothing of ovsd',
      `unsafe ipam/${ID}-pool.json: others than its owner can write it`,
      'open ovn: others can read it (mode 0755)',
      'ok ovn/logical-routers.json',
      'stray notes.txt: it is nothing of ovsd',
    ])
  })

  it('tells of a newer version', async () => {
    await keep(test.store, network(), 1)
    writeFileSync(test.of(network()), '{"ovsd": "state", "version": 9}', { mode: 0o600 })
    assert.deepEqual(await said(), [
      `version networks/${ID}.json: it has version 9, made by a newer ovsd; this one reads version 1`,
    ])
  })

  it('goes on past a folder that cannot be used', async () => {
    await keep(test.store, network(), 1)
    await keep(test.store, { kind: 'ipam', id: ID }, 1)
    rmSync(join(test.folder, 'networks'), { recursive: true })
    symlinkSync('/etc', join(test.folder, 'networks'))
    const path = join(test.folder, 'networks')
    assert.deepEqual(await said(), [
      `unsafe networks: The store ${path} is not used: it is a symbolic link`,
      `ok ipam/${ID}-pool.json`,
    ])
  })

  it('says why the whole of it is not used', async () => {
    mkdirSync(test.folder)
    chmodSync(test.folder, 0o777)
    assert.deepEqual(await said(), [
      `unsafe .: The store ${test.folder} is not used: others than its owner can write to it`,
    ])
    chmodSync(test.folder, 0o755)
    assert.deepEqual(await said(), ['open .: others can read it (mode 0755)'])
  })
})
