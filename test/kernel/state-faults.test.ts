// FAULTS group H on the store: full and read-only disks, processes that are killed, and several at once.
import { strict as assert } from 'node:assert'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Undo } from '../../src/lib/state/folder.ts'
import { unsealed } from '../../src/lib/state/envelope.ts'
import { fill, mounted, tmpfs } from '../support/mounted.ts'
import { json, ovsd } from '../support/ovsd.ts'
import { snapshot } from '../support/snapshot.ts'
import { ID, ID2, keep, network, testStore, treeOf, type TestStore } from '../support/state.ts'
import { tool } from '../support/tool.ts'
import { until } from '../support/until.ts'

const big = (n: number): string => 'x'.repeat(n)

/** Keeps writing networks of random sizes, until it is killed. */
const WRITER = `
  import { Store } from ${JSON.stringify(new URL('../../src/lib/state/store.ts', import.meta.url).href)}
  const [settings, ids, who] = JSON.parse(process.argv[1])
  const store = new Store(settings, () => undefined)
  console.log('ready')
  for (let n = 0; ; n++) {
    const id = ids[n % ids.length]
    await store.write({ kind: 'networks', id }, { who, n, text: 'x'.repeat(Math.random() * 20_000) }, [])
  }`

async function writer(test: TestStore, ids: readonly string[], who: number): Promise<ChildProcess> {
  const args = ['--input-type=module', '-e', WRITER, JSON.stringify([test.store.settings, ids, who])]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL')
  if (child.signalCode === null && child.exitCode === null) await once(child, 'exit')
  assert.equal(child.exitCode, null, 'it had ended by itself')
}

describe('faults of the store', function () {
  this.timeout(60_000)
  let test: TestStore
  beforeEach(() => {
    test = testStore()
  })
  afterEach(() => {
    test[Symbol.dispose]()
  })

  const isUnwritable = (next: RegExp) => (error: { code: string; message: string; next: string }) => {
    assert.equal(error.code, 'StateUnwritable', error.message)
    assert.ok(error.message.includes(test.folder))
    assert.match(error.next, next)
    return true
  }

  it('a full disk: what was there is there, nothing half-written is, and it is said', async () => {
    using _disk = mounted(test.folder, ...tmpfs('128k'))
    await keep(test.store, network(), 'old')
    fill(test.folder)
    const before = treeOf(test.folder)
    const undo: Undo = []
    await assert.rejects(() => test.store.write(network(), big(50_000), undo), isUnwritable(/^Make room there: df -h /))
    await assert.rejects(() => keep(test.store, network(ID2), big(50_000)), isUnwritable(/df -i/))
    for (const back of undo.toReversed()) await back()
    assert.deepEqual(treeOf(test.folder), before)
    rmSync(join(test.folder, 'full0'))
    await keep(test.store, network(), 'new')
    assert.deepEqual(
      (await test.store.all('networks')).map(({ content }) => content),
      ['new'],
    )
  })

  it('a disk without room for another folder', async () => {
    using _disk = mounted(test.folder, '-t', 'tmpfs', '-o', 'nr_inodes=2,mode=700', 'store')
    writeFileSync(join(test.folder, 'x'), '')
    await assert.rejects(() => keep(test.store, network(), 1), isUnwritable(/df -i/))
    assert.deepEqual(readdirSync(test.folder), ['x'])
  })

  it('a read-only disk: read as ever; not written, and it is said', async () => {
    await keep(test.store, network(), 'old')
    using _bound = mounted(test.folder, '--bind', test.folder)
    tool('mount', '-o', 'remount,bind,ro', test.folder)
    const before = treeOf(test.folder)
    for (const name of [network(), network(ID2), { kind: 'ipam', id: ID } as const])
      await assert.rejects(() => keep(test.store, name, 'new'), isUnwritable(/^It is mounted read-only; see findmnt/))
    await assert.rejects(() => test.store.forget(network()), isUnwritable(/read-only/))
    assert.deepEqual(treeOf(test.folder), before)
    assert.deepEqual(
      (await test.store.all('networks')).map(({ content }) => content),
      ['old'],
    )
  })

  it('a read-only disk where the store should be made', async () => {
    using _bound = mounted(test.path, '--bind', test.path)
    tool('mount', '-o', 'remount,bind,ro', test.path)
    await assert.rejects(() => keep(test.store, network(), 1), isUnwritable(/read-only/))
    assert.deepEqual(await test.store.all('networks'), [])
  })

  it('killed at any moment: every file is whole, or was never there', async () => {
    const ids = Array.from({ length: 4 }, (_, i) => String(i).repeat(64))
    let unfinished = 0
    for (let round = 0; round < 15; round++) {
      const child = await writer(test, ids, round)
      await pause(Math.random() * 60)
      // On a slow machine it may not have come to any file before; in the end it has come to all.
      if (round === 14) await until(() => ids.every((id) => existsSync(test.of(network(id)))), 'all files', 30)
      await killed(child)
      for (const id of ids) assert.ok(['ok', 'missing'].includes((await test.store.look(network(id))).state))
      const folder = join(test.folder, 'networks')
      unfinished = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.tmp')).length : 0
    }
    // They stay, are told of, and are in nobody's way.
    assert.ok(unfinished <= 15)
    assert.equal((await test.store.all('networks')).length, ids.length)
  })

  it('four processes that write the same file without any lock: who reads always finds one of theirs, whole', async () => {
    const writers = await Promise.all([0, 1, 2, 3].map((who) => writer(test, [ID], who)))
    await until(() => existsSync(test.of(network())), 'there is a file', 30)
    const seen = new Set<number>()
    const end = Date.now() + 20_000
    let reads = 0
    try {
      while ((seen.size < 4 || reads < 300) && Date.now() < end) {
        const opened = unsealed(network(), readFileSync(test.of(network()), 'utf8'))
        assert.ok(opened.state === 'ok', JSON.stringify(opened).slice(0, 200))
        seen.add((opened.content as { who: number }).who)
        reads++
        await pause(1)
      }
    } finally {
      await Promise.all(writers.map(killed))
    }
    assert.deepEqual([...seen].sort(), [0, 1, 2, 3])
    assert.ok(reads >= 300)
  })

  it('a file that is lost on the disk belongs to nobody: of another user, it is not read', async () => {
    await keep(test.store, network(), 1)
    chownSync(test.of(network()), 65_534, 65_534)
    assert.deepEqual(await test.store.look(network()), {
      ...{ state: 'unsafe', why: 'it belongs to user 65534, not to root' },
    })
    await assert.rejects(() => test.as({ recovery: 'strict' }).all('networks'), { code: 'StateDamaged' })
  })

  it('state import on a full disk: the networks are not put back either, and it is said', async () => {
    using _disk = mounted(test.folder, ...tmpfs('128k'))
    const at = `--state-dir=${test.folder}`
    const words = { mode: 'l2', subnet: ['10.9.0.0/24'] }
    await keep(test.store, network(), { name: 'blue', bridge: 'bf0', words: { ...words, vlan: '7' } })
    tool('ovs-vsctl', 'add-br', 'bf1', '--', 'set', 'Bridge', 'bf1', 'datapath_type=netdev')
    try {
      // A network without a copy: one is to be written.
      tool('ovs-vsctl', 'set', 'Bridge', 'bf1', 'external_ids:ovsd_net.red="{}"')
      fill(test.folder)
      const [before, files] = [snapshot(), treeOf(test.folder)]
      const { status, stdout } = ovsd(['state', 'import', at, '--json'])
      const { error } = JSON.parse(stdout) as { error: { code: string; message: string; left?: unknown } }
      assert.deepEqual([status, error.code, error.left], [1, 'StateUnwritable', undefined], stdout)
      assert.match(error.message, /Everything done so far was undone/)
      assert.deepEqual([snapshot(), treeOf(test.folder)], [before, files])
      for (const name of readdirSync(test.folder)) if (name.startsWith('full')) rmSync(join(test.folder, name))
      assert.deepEqual(
        (json('state', 'import', at) as { networks: readonly { network: string; status: string }[] }).networks.map(
          ({ network: name, status: how }) => [name, how],
        ),
        [['blue', 'restored']],
      )
    } finally {
      for (const bridge of ['bf0', 'bf1']) tool('ovs-vsctl', '--if-exists', 'del-br', bridge)
    }
  })
})
