import { strict as assert } from 'node:assert'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { OvsdError } from '../../src/lib/errors.ts'
import { TimedOut } from '../../src/lib/errors.ts'
import { SharedLock } from '../../src/lib/reconcile/shared-lock.ts'
import { takeLock } from '../../src/lib/system/lock.ts'

const HOLDER = fileURLToPath(new URL('../support/lock-holder.ts', import.meta.url))
const NEVER = new AbortController().signal

const others: Other[] = []

/** Another process that wants the lock, until it is told to let go. */
class Other implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [HOLDER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  hasIt = false
  readonly held: Promise<void> = once(this.child.stdout, 'data').then(() => {
    this.hasIt = true
  })

  constructor() {
    others.push(this)
  }

  async letGo(): Promise<void> {
    this.child.stdin.end()
    await once(this.child, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.letGo()
  }
}

async function waits(promise: Promise<unknown>, ms = 100): Promise<boolean> {
  return (await Promise.race([promise.then(() => 'ended'), sleep(ms, 'waiting')])) === 'waiting'
}

/** Whether this process or another holds the lock. */
async function isHeld(): Promise<boolean> {
  const limit = new AbortController()
  const reason = new Error('held')
  try {
    const taking = takeLock(limit.signal, () => {
      limit.abort(reason)
    })
    ;(await taking).release()
    return false
  } catch (error) {
    assert.equal(error, reason)
    return true
  }
}

/** Waits until the other process stands in the line: nobody joins any more. */
async function isWaitedFor(lock: SharedLock): Promise<void> {
  for (;;) {
    const limit = new AbortController()
    const joining = lock.take(limit.signal).catch(() => undefined)
    const share = await Promise.race([joining, sleep(15)])
    limit.abort()
    if (share === undefined) return
    share[Symbol.dispose]()
    await sleep(5)
  }
}

describe('SharedLock', function () {
  this.timeout(20_000)

  // A test that fails half-way must not leave anybody waiting.
  afterEach(() => {
    for (const { child } of others.splice(0)) child.kill('SIGKILL')
  })

  it('is held once by all that work at the same moment, and let go by the last of them', async () => {
    const lock = new SharedLock()
    const [a, b] = await Promise.all([lock.take(NEVER), lock.take(NEVER)])
    const c = await lock.take(NEVER)
    for (const share of [a, c]) share[Symbol.dispose]()
    assert.equal(await isHeld(), true)
    b[Symbol.dispose]()
    assert.equal(await isHeld(), false)
    using _again = await lock.take(NEVER)
    assert.equal(await isHeld(), true)
  })

  it('is not let go by one that is disposed of twice while another works', async () => {
    const lock = new SharedLock()
    const a = await lock.take(NEVER)
    using _b = await lock.take(NEVER)
    a[Symbol.dispose]()
    a[Symbol.dispose]()
    assert.equal(await isHeld(), true)
  })

  it('is had alone when those at work have finished; who comes later waits for that', async () => {
    const lock = new SharedLock()
    const a = await lock.take(NEVER)
    const alone = lock.takeAlone(NEVER)
    const late = lock.take(NEVER)
    assert.deepEqual([await waits(alone), await waits(late)], [true, true])
    a[Symbol.dispose]()
    const mine = await alone
    const second = lock.takeAlone(NEVER)
    assert.deepEqual([await waits(late), await waits(second)], [true, true])
    mine[Symbol.dispose]()
    ;(await second)[Symbol.dispose]()
    ;(await late)[Symbol.dispose]()
    assert.equal(await isHeld(), false)
  })

  it('is not wanted alone any more: nobody waits for who has given up', async () => {
    const lock = new SharedLock()
    const a = await lock.take(NEVER)
    const limit = new AbortController()
    const alone = lock.takeAlone(limit.signal).catch(() => 'given up')
    limit.abort(new Error('over'))
    a[Symbol.dispose]()
    assert.equal(await alone, 'given up')
    using _b = await lock.take(NEVER)
    using _c = await lock.take(NEVER)
  })

  it('lets another process have its turn: nobody joins while it waits', async () => {
    const lock = new SharedLock()
    const a = await lock.take(NEVER)
    await using other = new Other()
    await isWaitedFor(lock)
    assert.equal(other.hasIt, false)
    const late = [lock.take(NEVER), lock.take(NEVER)]
    for (const one of late) assert.equal(await waits(one), true)
    a[Symbol.dispose]()
    await other.held
    for (const one of late) assert.equal(await waits(one), true)
    await other.letGo()
    for (const one of late) (await one)[Symbol.dispose]()
    assert.equal(await isHeld(), false)
  })

  it('lets another process in although its own workers follow each other without end', async () => {
    const lock = new SharedLock()
    let over = false
    let turns = 0
    const worker = async (): Promise<void> => {
      while (!over) {
        using _share = await lock.take(NEVER)
        turns++
        await sleep(3)
      }
    }
    const workers = [0, 1, 2, 3].map(worker)
    try {
      for (let i = 0; i < 3; i++) {
        await using other = new Other()
        await other.held
        const before = turns
        await sleep(30)
        assert.equal(turns, before, 'somebody works while the other process holds the lock')
        await other.letGo()
      }
      const before = turns
      while (turns === before) await sleep(5)
    } finally {
      over = true
      await Promise.all(workers)
    }
    assert.equal(await isHeld(), false)
  })

  it('is waited for by each as long as its own time lasts, whoever came first; who holds it is told', async () => {
    await using other = new Other()
    await other.held
    const lock = new SharedLock()
    const limits = [0, 1].map(() => new AbortController())
    const [first, second] = limits.map(({ signal }) => lock.take(signal))
    const third = lock.take(NEVER)
    assert.ok(first !== undefined && second !== undefined)
    for (const one of [first, second, third]) assert.equal(await waits(one), true)
    for (const [i, one] of [first, second].entries()) {
      limits[i]?.abort(new TimedOut(5))
      await assert.rejects(one, (error: OvsdError) => {
        assert.equal(error.code, 'LockHeld')
        assert.match(error.message, new RegExp(`process ${String(other.child.pid)} \\(.*lock-holder`))
        return true
      })
      assert.equal(await waits(third), true)
    }
    await other.letGo()
    ;(await third)[Symbol.dispose]()
    assert.equal(await isHeld(), false)
  })

  it('is not waited for longer than there is time when this process has it; with what it is at work is told', async () => {
    const lock = new SharedLock()
    const alone = await lock.takeAlone(NEVER, 'upkeep of OVN')
    const limits = [0, 1].map(() => new AbortController())
    const [share, all] = [lock.take(limits[0]?.signal ?? NEVER), lock.takeAlone(limits[1]?.signal ?? NEVER)]
    assert.deepEqual([await waits(share), await waits(all)], [true, true])
    for (const limit of limits) limit.abort(new TimedOut(12))
    for (const one of [share, all])
      await assert.rejects(Promise.race([one, sleep(1000, 'still waiting')]), (error: OvsdError) => {
        assert.deepEqual([error.code, error.message.includes('upkeep of OVN')], ['LockHeld', true])
        return true
      })
    const next = lock.take(NEVER)
    alone[Symbol.dispose]()
    ;(await next)[Symbol.dispose]()
    assert.equal(await isHeld(), false)
  })

  it('is not taken for who does not want it any more', async () => {
    const lock = new SharedLock()
    const reason = new Error('enough')
    await assert.rejects(lock.take(AbortSignal.abort(reason)), (error) => error === reason)
    assert.equal(await isHeld(), false)
    using _held = await lock.take(NEVER)
    await assert.rejects(lock.take(AbortSignal.abort(reason)), (error) => error === reason)
    assert.equal(await isHeld(), true)
  })

  it('is not left held when those who waited for it have gone, whoever of them it was', async () => {
    // 0 is the one that takes it; 1 and 2 wait with it.
    for (const gone of [[0], [1], [0, 1], [1, 2], [0, 1, 2]]) {
      const lock = new SharedLock()
      const limits = [0, 1, 2].map(() => new AbortController())
      const all = limits.map(({ signal }) => lock.take(signal))
      // Not before the socket is bound, and before anybody has been told.
      for (const i of gone) limits[i]?.abort(new Error(`${i} is gone`))
      const shares = (await Promise.allSettled(all)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
      assert.equal(shares.length, 3 - gone.length, `without ${gone.join()}`)
      // The socket may just be being bound for them.
      if (shares.length === 0) await sleep(50)
      assert.equal(await isHeld(), shares.length > 0)
      for (const share of shares) share[Symbol.dispose]()
      assert.equal(await isHeld(), false, `without ${gone.join()}`)
    }
  })

  it('gives way while a worker waits for its turn, and does not keep it waiting for good', async () => {
    const lock = new SharedLock()
    const a = await lock.take(NEVER)
    await using other = new Other()
    await isWaitedFor(lock)
    const limit = new AbortController()
    const late = lock.take(limit.signal)
    const patient = lock.take(NEVER)
    limit.abort(new Error('enough'))
    a[Symbol.dispose]()
    await assert.rejects(late, /enough/)
    await other.held
    await other.letGo()
    ;(await patient)[Symbol.dispose]()
    assert.equal(await isHeld(), false)
  })
})
