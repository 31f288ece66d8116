import { strict as assert } from 'node:assert'
import { mock } from 'node:test'
import { WorkQueue } from '../../../src/lib/reconcile/queue.ts'
import { BACKOFF, Bench, isDone, LIGHT, occasion, settle } from '../../support/work-bench.ts'

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

  it('waits before it begins when that is asked for, unless somebody asks for it at once', async () => {
    const bench = new Bench()
    for (const key of ['a', 'b']) bench.queue.add(key, LIGHT, 5000)
    // Never later than it was to begin.
    mock.timers.tick(3000)
    bench.queue.add('a', LIGHT, 5000)
    bench.queue.add('b', LIGHT)
    assert.deepEqual([bench.begun, bench.queue.length], [['b'], 2])
    mock.timers.tick(2000)
    assert.deepEqual(bench.begun, ['b', 'a'])
    // Of one that is being worked on: afterwards, and not before its time.
    bench.queue.add('a', LIGHT, 5000)
    await bench.finish('a')
    assert.deepEqual(bench.running, ['b'])
    mock.timers.tick(5000)
    assert.deepEqual(bench.running, ['b', 'a'])
    bench.queue.add('a', LIGHT, 5000)
    mock.timers.tick(5000)
    assert.deepEqual(bench.running, ['b', 'a'])
    await bench.finish('a')
    assert.deepEqual(bench.begun, ['b', 'a', 'a', 'a'])
  })

  it('works on what is added, at once, and then is empty', async () => {
    const bench = new Bench()
    bench.queue.add('a', LIGHT)
    bench.queue.add('b', LIGHT)
    assert.deepEqual([bench.running, bench.queue.length], [['a', 'b'], 2])
    assert.deepEqual([...bench.queue.keys], ['a', 'b'])
    await bench.finish('b')
    assert.deepEqual([...bench.queue.keys], ['a'])
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
})
