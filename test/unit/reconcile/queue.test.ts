import { strict as assert } from 'node:assert'
import { mock } from 'node:test'
import { WorkQueue, type Occasion, type QueueOptions } from '../../../src/lib/reconcile/queue.ts'

const BACKOFF = { firstMs: 1000, mostMs: 8000 }
const occasion = (thorough: boolean, since: number): Occasion => ({ thorough, since })
const LIGHT = occasion(false, 0)

/** Everything that is resolved already goes on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Work that ends when the test says so. */
class Bench {
  /** `KEY` when one begins, in order. */
  readonly begun: string[] = []
  readonly occasions: Occasion[] = []
  readonly failures: (readonly [string, string, number | undefined])[] = []
  readonly #under = new Map<string, PromiseWithResolvers<undefined>>()
  most = 0
  readonly queue: WorkQueue

  constructor(options: Partial<QueueOptions> = {}) {
    this.queue = new WorkQueue({
      work: async (key, why) => {
        assert.ok(!this.#under.has(key), `two workers for ${key}`)
        this.begun.push(key)
        this.occasions.push(why)
        const done = Promise.withResolvers<undefined>()
        this.#under.set(key, done)
        this.most = Math.max(this.most, this.#under.size)
        try {
          await done.promise
        } finally {
          this.#under.delete(key)
        }
      },
      failed: (key, error, retryMs) => this.failures.push([key, (error as Error).message, retryMs]),
      atOnce: 100,
      backoff: BACKOFF,
      retries: true,
      ...options,
    })
  }

  get running(): readonly string[] {
    return [...this.#under.keys()]
  }

  async finish(key: string): Promise<void> {
    ;(this.#under.get(key) ?? assert.fail(`${key} is not being worked on`)).resolve(undefined)
    await settle()
  }

  async fail(key: string, why = 'broken'): Promise<void> {
    ;(this.#under.get(key) ?? assert.fail(`${key} is not being worked on`)).reject(new Error(why))
    await settle()
  }
}

/** Whether a promise has been resolved by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(() => (done = true))
  await settle()
  return done
}

describe('WorkQueue', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] })
    // Half of the upper half: pauses are three quarters of the whole.
    mock.method(Math, 'random', () => 0.5)
  })

  afterEach(() => {
    mock.timers.reset()
    mock.restoreAll()
  })

  it('works on what is added, at once, and then is empty', async () => {
    const bench = new Bench()
    bench.queue.add('a', LIGHT)
    bench.queue.add('b', LIGHT)
    assert.deepEqual([bench.running, bench.queue.length], [['a', 'b'], 2])
    await bench.finish('b')
    assert.deepEqual([bench.running, bench.queue.length], [['a'], 1])
    await bench.finish('a')
    assert.equal(bench.queue.length, 0)
  })

  it('never has two workers for a key; what comes meanwhile brings it back once, with the occasions merged', async () => {
    const bench = new Bench()
    bench.queue.add('a', occasion(false, 50))
    for (const why of [occasion(false, 70), occasion(true, 90), occasion(false, 60)]) bench.queue.add('a', why)
    await settle()
    assert.deepEqual(bench.begun, ['a'])
    await bench.finish('a')
    assert.deepEqual(bench.begun, ['a', 'a'])
    assert.deepEqual(bench.occasions, [occasion(false, 50), occasion(true, 60)])
    await bench.finish('a')
    assert.deepEqual([bench.begun.length, bench.queue.length], [2, 0])
  })

  it('has each key wait once, the oldest first, and never more workers than it may', async () => {
    const bench = new Bench({ atOnce: 2 })
    for (const key of ['a', 'b', 'c', 'd', 'c', 'e', 'd']) bench.queue.add(key, occasion(key === 'd', 1))
    bench.queue.add('c', occasion(true, 0))
    assert.deepEqual(bench.running, ['a', 'b'])
    await bench.finish('b')
    assert.deepEqual(bench.running, ['a', 'c'])
    assert.deepEqual(bench.occasions.at(-1), occasion(true, 0))
    for (const key of ['a', 'c', 'd', 'e']) await bench.finish(key)
    assert.deepEqual(bench.begun, ['a', 'b', 'c', 'd', 'e'])
    assert.deepEqual([bench.most, bench.queue.length], [2, 0])
  })

  it('does not let a key that comes back overtake those that wait', async () => {
    const bench = new Bench({ atOnce: 1 })
    for (const key of ['a', 'b', 'a']) bench.queue.add(key, LIGHT)
    await bench.finish('a')
    await bench.finish('b')
    assert.deepEqual(bench.begun, ['a', 'b', 'a'])
  })

  it('tries again after a pause that grows up to its limit, thoroughly, and counts from when it was first heard of', async () => {
    const bench = new Bench()
    bench.queue.add('a', occasion(false, 7))
    for (const ms of [750, 1500, 3000, 6000, 6000]) {
      await bench.fail('a')
      assert.deepEqual(bench.failures.at(-1), ['a', 'broken', ms])
      const before = bench.begun.length
      mock.timers.tick(ms - 1)
      assert.equal(bench.begun.length, before)
      mock.timers.tick(1)
      assert.equal(bench.begun.length, before + 1)
      assert.deepEqual(bench.occasions.at(-1), occasion(true, 7))
    }
    bench.queue.add('a', LIGHT)
    await bench.finish('a')
    await bench.fail('a')
    assert.equal(bench.failures.at(-1)?.[2], 750, 'a success begins anew')
  })

  it('works on other keys meanwhile', async () => {
    const bench = new Bench({ atOnce: 1 })
    bench.queue.add('a', LIGHT)
    bench.queue.add('b', LIGHT)
    await bench.fail('a')
    assert.deepEqual(bench.running, ['b'])
    mock.timers.tick(750)
    assert.deepEqual(bench.running, ['b'], 'its turn comes when a place is free')
    await bench.finish('b')
    assert.deepEqual(bench.running, ['a'])
  })

  it('does not keep a key with news waiting for its next try, and tries it once', async () => {
    const bench = new Bench()
    bench.queue.add('a', occasion(false, 5))
    await bench.fail('a')
    mock.timers.tick(100)
    bench.queue.add('a', occasion(false, 9))
    assert.deepEqual(bench.begun, ['a', 'a'])
    assert.deepEqual(bench.occasions.at(-1), occasion(true, 5))
    bench.queue.add('a', LIGHT)
    // The time of the try that was not waited for.
    mock.timers.tick(60_000)
    assert.equal(bench.begun.length, 2)
    await bench.finish('a')
    await bench.finish('a')
    assert.deepEqual([bench.begun, bench.queue.length], [['a', 'a', 'a'], 0])
  })

  it('tries once at once what has news when it fails, and then pauses: what it does itself is news as well', async () => {
    const bench = new Bench()
    bench.queue.add('a', occasion(false, 5))
    bench.queue.add('a', occasion(false, 6))
    await bench.fail('a')
    assert.equal(bench.begun.length, 2)
    assert.deepEqual(bench.occasions.at(-1), occasion(true, 5))
    bench.queue.add('a', occasion(false, 8))
    await bench.fail('a')
    assert.equal(bench.begun.length, 2)
    mock.timers.tick(1500)
    assert.equal(bench.begun.length, 3)
    assert.deepEqual(bench.occasions.at(-1), occasion(true, 5))
  })

  it('takes a failure as final without retries', async () => {
    const bench = new Bench({ retries: false })
    bench.queue.add('a', LIGHT)
    await bench.fail('a')
    assert.deepEqual(bench.failures, [['a', 'broken', undefined]])
    assert.equal(bench.queue.length, 0)
    mock.timers.tick(60_000)
    assert.deepEqual(bench.begun, ['a'])
  })

  it('takes what is thrown at once for a failure too', async () => {
    const failures: unknown[] = []
    const queue = new WorkQueue({
      ...{ atOnce: 1, backoff: BACKOFF, retries: false },
      work: () => {
        throw new Error('at once')
      },
      failed: (key) => failures.push(key),
    })
    queue.add('a', LIGHT)
    queue.add('b', LIGHT)
    await queue.idle()
    assert.deepEqual([failures, queue.length], [['a', 'b'], 0])
  })

  it('is idle when nothing runs, waits, or will be tried again', async () => {
    const bench = new Bench({ atOnce: 1 })
    assert.equal(await isDone(bench.queue.idle()), true)
    for (const key of ['a', 'b']) bench.queue.add(key, LIGHT)
    const idle = [bench.queue.idle(), bench.queue.idle()]
    await bench.fail('a')
    await bench.finish('b')
    for (const one of idle) assert.equal(await isDone(one), false)
    mock.timers.tick(750)
    await bench.finish('a')
    for (const one of idle) assert.equal(await isDone(one), true)
    bench.queue.add('c', LIGHT)
    assert.equal(await isDone(bench.queue.idle()), false)
    await bench.finish('c')
  })

  describe('stop', () => {
    it('waits for what runs, and begins nothing of what waits or pauses', async () => {
      const bench = new Bench({ atOnce: 2 })
      for (const key of ['pausing', 'running', 'waiting']) bench.queue.add(key, LIGHT)
      await bench.fail('pausing')
      await bench.finish('waiting')
      for (const key of ['other', 'waiting']) bench.queue.add(key, LIGHT)
      bench.queue.add('running', LIGHT)
      const begun = [...bench.begun]
      const stopped = bench.queue.stop()
      assert.equal(bench.queue.length, 2)
      bench.queue.add('new', LIGHT)
      mock.timers.tick(60_000)
      assert.equal(await isDone(stopped), false)
      await bench.finish('other')
      assert.equal(await isDone(stopped), false)
      await bench.fail('running')
      await stopped
      assert.deepEqual([bench.begun, bench.queue.length], [begun, 0])
      assert.deepEqual(bench.failures.at(-1), ['running', 'broken', undefined])
    })

    it('leaves no timer, which would keep the process from ending', async () => {
      mock.timers.reset()
      const timers = () => process.getActiveResourcesInfo().filter((what) => what === 'Timeout').length
      // mocha starts one of its own.
      await settle()
      const before = timers()
      const bench = new Bench()
      bench.queue.add('a', LIGHT)
      await bench.fail('a')
      assert.equal(timers(), before + 1)
      await bench.queue.stop()
      assert.equal(timers(), before)
    })

    it('ends at once when nothing runs, may be called again, and lets those go who wait for idle', async () => {
      const bench = new Bench()
      bench.queue.add('a', LIGHT)
      await bench.fail('a')
      const idle = bench.queue.idle()
      await Promise.all([bench.queue.stop(), bench.queue.stop(), idle])
      await bench.queue.stop()
      mock.timers.tick(60_000)
      assert.deepEqual(bench.begun, ['a'])
    })
  })

  it('works on 10,000 keys, some of them twice and some failing, and keeps nothing of them', async () => {
    mock.timers.reset()
    let running = 0
    let most = 0
    const done = new Map<string, number>()
    const queue: WorkQueue = new WorkQueue({
      ...{ atOnce: 256, backoff: { firstMs: 1, mostMs: 2 }, retries: true },
      work: async (key) => {
        most = Math.max(most, ++running)
        const times = (done.get(key) ?? 0) + 1
        done.set(key, times)
        if (times === 1 && key.endsWith('3')) queue.add(key, LIGHT)
        await settle()
        running--
        if (times === 1 && key.endsWith('7')) throw new Error('once')
      },
      failed: () => undefined,
    })
    for (let i = 0; i < 10_000; i++) queue.add(`key ${i}`, LIGHT)
    assert.equal(queue.length, 10_000)
    await queue.idle()
    assert.deepEqual([done.size, queue.length, most, running], [10_000, 0, 256, 0])
    assert.equal(
      [...done.values()].reduce((sum, times) => sum + times, 0),
      12_000,
    )
  })
})
