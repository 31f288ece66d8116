import { strict as assert } from 'node:assert'
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Interrupted, OvsdError, TimedOut } from '../../../src/lib/errors.ts'
import { takeLock } from '../../../src/lib/system/lock.ts'

const HOLDER = fileURLToPath(new URL('../../support/lock-holder.ts', import.meta.url))
const NEVER = new AbortController().signal

/** Another process that wants the lock. */
class Other implements AsyncDisposable {
  readonly child: ChildProcessByStdio<Writable, Readable, null> = spawn(process.execPath, [HOLDER], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  hasIt = false
  readonly held: Promise<void> = once(this.child.stdout, 'data').then(() => {
    this.hasIt = true
  })

  async letGo(): Promise<void> {
    this.child.stdin.end()
    await once(this.child, 'exit')
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.kill()
  }
}

/** Whether `promise` is still waiting after a while in which it would long have ended. */
async function waits(promise: Promise<unknown>): Promise<boolean> {
  const outcome = await Promise.race([promise.then(() => 'ended'), sleep(150, 'waiting')])
  return outcome === 'waiting'
}

describe('the host-wide lock', function () {
  this.timeout(20_000)

  it('is held by one process at a time, and passes on when it is let go', async () => {
    await using first = new Other()
    await first.held
    await using second = new Other()
    assert.equal(await waits(second.held), true)
    const own = takeLock(NEVER)
    assert.equal(await waits(own), true)
    await first.letGo()
    // One of the two has it now, and the other waits for it.
    const winner = await Promise.race([own.then(() => 'own'), second.held.then(() => 'second')])
    assert.equal(await waits(winner === 'own' ? second.held : own), true)
    if (winner === 'own') {
      ;(await own).release()
      await second.held
    } else {
      await second.letGo()
      ;(await own).release()
    }
  })

  it('is freed by the kernel when its holder is killed', async () => {
    await using holder = new Other()
    await holder.held
    const own = takeLock(NEVER)
    assert.equal(await waits(own), true)
    await holder.kill()
    ;(await own).release()
  })

  it('is passed on within one process, too', async () => {
    const first = await takeLock(NEVER)
    const second = takeLock(NEVER)
    assert.equal(await waits(second), true)
    first.release()
    ;(await second).release()
  })

  it('is had by each of many that want it at once, one after the other', async () => {
    let holders = 0
    const turns = Array.from({ length: 20 }, async () => {
      const lock = await takeLock(NEVER)
      assert.equal(++holders, 1)
      await sleep(1)
      holders--
      lock.release()
    })
    await Promise.all(turns)
  })

  it('is had by who has waited in vain for long, and not only by those that have just come', async () => {
    let lock = await takeLock(NEVER)
    const own = takeLock(AbortSignal.timeout(8000))
    for (let times = 0; times < 5; times++) {
      await sleep(30)
      lock.release()
      // Faster than whoever has to hear of it first.
      lock = await takeLock(NEVER)
    }
    const over = new AbortController()
    const comers = Array.from({ length: 2 }, async () => {
      while (!over.signal.aborted) {
        const taken = await takeLock(NEVER)
        await sleep(40)
        taken.release()
        await sleep(5)
      }
    })
    lock.release()
    try {
      ;(await own).release()
    } finally {
      over.abort()
      await Promise.all(comers)
    }
  })

  it('ends the wait with the signal, with the reason of the signal', async () => {
    const held = await takeLock(NEVER)
    try {
      const stop = new AbortController()
      const waiting = takeLock(stop.signal)
      assert.equal(await waits(waiting), true)
      const reason = new Interrupted('SIGINT')
      stop.abort(reason)
      await assert.rejects(waiting, (error) => error === reason)
      await assert.rejects(takeLock(AbortSignal.abort(reason)), (error) => error === reason)
    } finally {
      held.release()
    }
    ;(await takeLock(NEVER)).release()
  })

  it('says who was waited for when it was waited for too long', async () => {
    const held = await takeLock(NEVER)
    try {
      const stop = new AbortController()
      const waiting = takeLock(stop.signal)
      assert.equal(await waits(waiting), true)
      const reason = new TimedOut(5)
      stop.abort(reason)
      await assert.rejects(waiting, (error) => {
        assert.ok(error instanceof OvsdError)
        assert.deepEqual([error.code, error.status, error.cause], ['LockHeld', 1, reason])
        assert.ok(error.message.includes(`process ${String(process.pid)} (`), error.message)
        return true
      })
    } finally {
      held.release()
    }
  })
})
