import { strict as assert } from 'node:assert'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Undo } from '../../../src/lib/state/folder.ts'
import { sealed } from '../../../src/lib/state/envelope.ts'
import type { StateName } from '../../../src/lib/state/names.ts'
import { ID, ID2, keep, network, testStore, treeOf, type TestStore } from '../../support/state.ts'

const mode = (path: string): number => lstatSync(path).mode & 0o7777

describe('Store', () => {
  let test: TestStore
  beforeEach(() => {
    test = testStore()
  })
  afterEach(() => {
    test[Symbol.dispose]()
  })

  const contents = async (): Promise<readonly unknown[]> =>
    (await test.store.all('networks')).map(({ id, content }) => [id, content])
  const takeBack = async (undo: Undo): Promise<void> => {
    for (const back of undo.toReversed()) await back()
  }

  it('is empty and makes nothing as long as nothing is written', async () => {
    assert.deepEqual(await contents(), [])
    assert.deepEqual(await test.store.look(network()), { state: 'missing' })
    await test.store.forget(network())
    await test.store.putAside(network(), [])
    assert.equal(existsSync(test.folder), false)
  })

  it('gives back what was written, of every kind, for nobody else to read', async () => {
    const names: readonly StateName[] = [
      ...[network(), network(ID2)],
      ...([
        { kind: 'endpoints', id: ID },
        { kind: 'ipam', id: ID },
        { kind: 'ovn', id: 'port-bindings' },
      ] as const),
    ]
    const umask = process.umask(0)
    try {
      for (const name of names) await keep(test.store, name, { of: name.kind, ü: name.id })
    } finally {
      process.umask(umask)
    }
    for (const name of names) {
      const found = await test.store.look(name)
      assert.ok(found.state === 'ok')
      assert.deepEqual(found.content, { of: name.kind, ü: name.id })
      assert.equal(mode(test.of(name)), 0o600)
    }
    for (const folder of ['.', 'networks', 'endpoints', 'ipam', 'ovn'])
      assert.equal(mode(join(test.folder, folder)), 0o700, folder)
    assert.deepEqual(
      (await test.store.all('networks')).map(({ id }) => id),
      [ID, ID2],
    )
  })

  it('writes anew, and not at all when it is the same', async () => {
    await keep(test.store, network(), { a: 1, b: 2 })
    const { ino } = lstatSync(test.of(network()))
    await keep(test.store, network(), { b: 2, a: 1 })
    assert.equal(lstatSync(test.of(network())).ino, ino)
    await keep(test.store, network(), { a: 2 })
    assert.notEqual(lstatSync(test.of(network())).ino, ino)
    assert.deepEqual(await contents(), [[ID, { a: 2 }]])
    assert.deepEqual(readdirSync(join(test.folder, 'networks')), [`${ID}.json`])
  })

  it('forgets one and leaves the others', async () => {
    for (const id of [ID, ID2]) await keep(test.store, network(id), id)
    await test.store.forget(network())
    await test.store.forget(network())
    assert.deepEqual(await contents(), [[ID2, ID2]])
  })

  it('takes a write back: the folders that were made go, and what was there is there again', async () => {
    const undo: Undo = []
    await test.store.write(network(), 1, undo)
    await takeBack(undo)
    assert.deepEqual(treeOf(test.path), {})
    await keep(test.store, network(), 1)
    const before = treeOf(test.path)
    const second: Undo = []
    await test.store.write(network(), 2, second)
    assert.notDeepEqual(treeOf(test.path), before)
    await takeBack(second)
    assert.deepEqual(treeOf(test.path), before)
  })

  it('taking back leaves alone what somebody has written since', async () => {
    const [first, second]: [Undo, Undo] = [[], []]
    await test.store.write(network(), 1, first)
    await keep(test.store, network(), 2)
    await takeBack(first)
    assert.deepEqual(await contents(), [[ID, 2]])
    await test.store.write(network(), 3, second)
    await keep(test.store, network(ID2), 1)
    unlinkSync(test.of(network()))
    await takeBack(second)
    assert.deepEqual(await contents(), [[ID2, 1]])
  })

  const damages: Readonly<Record<string, (path: string) => void>> = {
    empty: (path) => writeFileSync(path, ''),
    'cut short': (path) => writeFileSync(path, readFileSync(path).subarray(0, 100)),
    'with a wrong checksum': (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('"old"', '"new"')),
    'of something else': (path) => writeFileSync(path, sealed(network(ID2), 'old')),
    'that others can write': (path) => chmodSync(path, 0o620),
    'that is a link': (path) => {
      writeFileSync(`${path}.elsewhere`, readFileSync(path), { mode: 0o600 })
      unlinkSync(path)
      symlinkSync(`${path}.elsewhere`, path)
    },
    'that is a link to nowhere': (path) => {
      unlinkSync(path)
      symlinkSync('/nowhere', path)
    },
    'that is a folder': (path) => {
      unlinkSync(path)
      mkdirSync(path)
    },
  }
  for (const [what, damage] of Object.entries(damages))
    describe(`a file ${what}`, () => {
      let path: string
      let damaged: Readonly<Record<string, string>>
      beforeEach(async () => {
        for (const id of [ID, ID2]) await keep(test.store, network(id), 'old')
        path = test.of(network())
        damage(path)
        damaged = treeOf(test.folder)
      })

      it('strict: nothing is read or written, and the error names it and what to type', async () => {
        const strict = test.as({ recovery: 'strict' })
        for (const attempt of [() => strict.all('networks'), () => keep(strict, network(), 'new')])
          await assert.rejects(attempt, (error: { code: string; message: string; next: string }) => {
            assert.equal(error.code, 'StateDamaged')
            assert.ok(error.message.includes(path), error.message)
            assert.ok(error.next.includes(`mv ${path} ${path}.backup`), error.next)
            return true
          })
        assert.deepEqual(treeOf(test.folder), damaged)
      })

      it('skip: the others are read, it is left as it is, and each time that is said', async () => {
        const skip = test.as({ recovery: 'skip' })
        assert.deepEqual(
          (await skip.all('networks')).map(({ id }) => id),
          [ID2],
        )
        await keep(skip, network(), 'new')
        assert.equal(test.warnings.length, 2)
        assert.match(test.warnings[1] ?? '', /left as it is, and what is new is not written/)
        assert.deepEqual(treeOf(test.folder), damaged)
      })

      it('lenient: the others are read; before something is written it is put aside, and taken back with that', async () => {
        assert.deepEqual(
          (await test.store.all('networks')).map(({ id }) => id),
          [ID2],
        )
        assert.deepEqual(treeOf(test.folder), damaged)
        const undo: Undo = []
        await test.store.write(network(), 'new', undo)
        assert.equal(test.warnings.length, 2)
        assert.match(test.warnings[1] ?? '', new RegExp(`kept as ${ID}\\.json\\.backup\\.$`))
        const [name, aside] = [`networks/${ID}.json`, `networks/${ID}.json.backup`]
        const { [name]: written, ...others } = treeOf(test.folder)
        assert.match(written ?? '', /"new"/)
        assert.deepEqual(
          others,
          Object.fromEntries(Object.entries(damaged).map(([key, it]) => [key === name ? aside : key, it])),
        )
        await takeBack(undo)
        assert.deepEqual(treeOf(test.folder), damaged)
      })

      // A file never takes the place of a folder: that one has to be moved by hand.
      if (what !== 'that is a folder')
        it('lenient without backups: what is new takes its place', async () => {
          await keep(test.as({ backup: false }), network(), 'new')
          assert.deepEqual(await contents(), [
            [ID, 'new'],
            [ID2, 'old'],
          ])
        })
    })

  it('never puts a file aside over an earlier one', async () => {
    await keep(test.store, network(), 0)
    const path = test.of(network())
    for (const text of ['a', 'b', 'c']) {
      writeFileSync(path, text)
      await test.store.putAside(network(), [])
    }
    assert.deepEqual(
      ['', '.1', '.2'].map((end) => readFileSync(`${path}.backup${end}`, 'utf8')),
      ['a', 'b', 'c'],
    )
    assert.equal(existsSync(path), false)
  })

  it('reads no file of another version, and keeps one when its place is needed', async () => {
    await keep(test.store, network(), 'old')
    const path = test.of(network())
    writeFileSync(path, readFileSync(path, 'utf8').replace('"version": 1', '"version": 2'))
    assert.deepEqual(await contents(), [])
    assert.match(test.warnings.join(), /made by a newer ovsd/)
    await assert.rejects(() => test.as({ recovery: 'strict' }).all('networks'), { code: 'StateDamaged' })
    await keep(test.store, network(), 'new')
    assert.match(readFileSync(`${path}.backup`, 'utf8'), /"version": 2/)
  })

  it('does not look at what has no name of its own', async () => {
    await keep(test.store, network(), 1)
    for (const name of ['x.json', `${ID2}.json.backup`, `.${ID2}.json.00.tmp`, `${ID2}-pool.json`])
      writeFileSync(join(test.folder, 'networks', name), 'x')
    assert.deepEqual(await contents(), [[ID, 1]])
    assert.deepEqual(test.warnings, [])
  })
})
