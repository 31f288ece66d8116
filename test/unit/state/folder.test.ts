import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Folder } from '../../../src/lib/state/folder.ts'
import { replaceFile } from '../../../src/lib/state/replace.ts'
import { keep, network, testStore, treeOf, type TestStore } from '../../support/state.ts'

describe('the folder of the store', () => {
  let test: TestStore
  beforeEach(() => {
    test = testStore()
  })
  afterEach(() => {
    test[Symbol.dispose]()
  })

  /** Asserts that neither reading nor writing does anything but say why. */
  async function isRefused(why: RegExp, next: RegExp, code = 'StateUnsafe'): Promise<void> {
    const before = treeOf(test.path)
    for (const attempt of [() => test.store.all('networks'), () => keep(test.store, network(), 1)])
      await assert.rejects(attempt, (error: { code: string; message: string; next: string }) => {
        assert.equal(error.code, code, error.message)
        assert.match(error.message, why)
        assert.match(error.next, next)
        return true
      })
    assert.deepEqual(treeOf(test.path), before)
  }

  it('that is a link is not followed', async () => {
    mkdirSync(join(test.path, 'elsewhere'), { mode: 0o700 })
    symlinkSync(join(test.path, 'elsewhere'), test.folder)
    await isRefused(/is a symbolic link/, /--state-dir="\$\(readlink -f /)
    assert.deepEqual(readdirSync(join(test.path, 'elsewhere')), [])
  })

  it('that is a link to nowhere is not made', async () => {
    symlinkSync(join(test.path, 'elsewhere'), test.folder)
    await isRefused(/is a symbolic link/, /readlink/)
    assert.equal(existsSync(join(test.path, 'elsewhere')), false)
  })

  it('that is a file is left as it is', async () => {
    writeFileSync(test.folder, 'x')
    await isRefused(/is not a folder/, new RegExp(`mv ${test.folder} ${test.folder}.old`))
  })

  it('that others can write to is not used, and neither is one within it', async () => {
    mkdirSync(test.folder)
    for (const mode of [0o770, 0o707, 0o1777]) {
      chmodSync(test.folder, mode)
      await isRefused(/others than its owner can write/, /chmod 700 /)
    }
    chmodSync(test.folder, 0o700)
    mkdirSync(join(test.folder, 'networks'))
    chmodSync(join(test.folder, 'networks'), 0o770)
    await isRefused(/networks is not used: others/, /chmod 700 .*networks/)
  })

  it('that others can only read is used', async () => {
    mkdirSync(test.folder, { mode: 0o755 })
    await keep(test.store, network(), 1)
    assert.equal((await test.store.look(network())).state, 'ok')
  })

  it('of somebody else is not used, and neither is one that somebody else could put another in the place of', async function () {
    if (process.geteuid?.() !== 0) this.skip()
    mkdirSync(test.folder, { mode: 0o700 })
    chownSync(test.folder, 65_534, 65_534)
    await isRefused(/belongs to user 65534/, /chown -R root: /)
    chownSync(test.folder, 0, 0)
    chownSync(test.path, 65_534, 65_534)
    await isRefused(/belongs to user 65534/, new RegExp(`chown root: ${test.path}`))
    chownSync(test.path, 0, 0)
    chmodSync(test.path, 0o770)
    await isRefused(/others can write to/, new RegExp(`chmod go-w ${test.path}`))
    chmodSync(test.path, 0o1777)
    await keep(test.store, network(), 1)
  })

  it('with a link in the place of a folder within it is not used', async () => {
    mkdirSync(test.folder, { mode: 0o700 })
    mkdirSync(join(test.path, 'elsewhere'), { mode: 0o700 })
    symlinkSync(join(test.path, 'elsewhere'), join(test.folder, 'networks'))
    await isRefused(/networks is not used: it is a symbolic link/, /^Move it out of the way: mv /)
    assert.deepEqual(readdirSync(join(test.path, 'elsewhere')), [])
  })

  it('is made with those that it is in, and taken back with them', async () => {
    const store = test.as({ folder: join(test.folder, 'a', 'b') })
    const undo: (() => Promise<void>)[] = []
    await store.write(network(), 1, undo)
    assert.equal((await store.look(network())).state, 'ok')
    writeFileSync(join(test.folder, 'a', 'mine'), '')
    for (const back of undo.toReversed()) await back()
    assert.deepEqual(Object.keys(treeOf(test.path)), ['store', 'store/a', 'store/a/mine'])
  })

  it('once opened stays the one that was looked at', async () => {
    await keep(test.store, network(), 1)
    const folder = await Folder.open(test.folder)
    assert.ok(folder !== undefined)
    await using held = folder
    // Somebody puts another one in its place.
    renameSync(test.folder, `${test.folder}.moved`)
    mkdirSync(test.folder, { mode: 0o777 })
    await replaceFile(held, 'x', 'text')
    assert.deepEqual(readdirSync(test.folder), [])
    assert.ok(readdirSync(`${test.folder}.moved`).includes('x'))
  })

  it('is left by no descriptor', async () => {
    const count = (): number => readdirSync('/proc/self/fd').length
    const before = count()
    for (let i = 0; i < 20; i++) {
      await keep(test.store, network(), i)
      await test.store.all('networks')
      await test.store.forget(network())
    }
    mkdirSync(join(test.folder, 'ipam'))
    chmodSync(join(test.folder, 'ipam'), 0o777)
    for (let i = 0; i < 20; i++) await assert.rejects(() => test.store.all('ipam'))
    assert.equal(count(), before)
  })

  it('replaceFile writes through no link, and leaves nothing when it cannot', async () => {
    mkdirSync(test.folder)
    writeFileSync(join(test.path, 'elsewhere'), 'theirs')
    symlinkSync(join(test.path, 'elsewhere'), join(test.folder, 'x'))
    const at = (name: string): string => join(test.folder, name)
    const place = { at, sync: () => Promise.resolve() }
    await replaceFile(place, 'x', 'ours')
    assert.deepEqual(Object.values(treeOf(test.path)).sort(), ['600 ours', '644 theirs', '755 /'])
    mkdirSync(at('folder'))
    const before = treeOf(test.path)
    await assert.rejects(() => replaceFile(place, 'folder', 'x'), { code: 'EISDIR' })
    assert.deepEqual(treeOf(test.path), before)
  })

  it('cannot be read or written by who may not: said, with what to do', function () {
    if (process.geteuid?.() !== 0) this.skip()
    mkdirSync(test.folder, { mode: 0o700 })
    chmodSync(test.path, 0o755)
    const script = `
      import { Store } from ${JSON.stringify(new URL('../../../src/lib/state/store.ts', import.meta.url).href)}
      process.setgroups([]); process.setegid(65534); process.seteuid(65534)
      const store = new Store(${JSON.stringify(test.store.settings)}, () => undefined)
      try { await store.all('networks') } catch (error) { console.log(error.code, error.next) }`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.match(stdout, /^StateUnreadable Run it as root/, stderr)
  })
})
