import { strict as assert } from 'node:assert'
import { mock } from 'node:test'
import { WorkQueue } from '../../../src/lib/reconcile/queue.ts'
import { Bench, isDone, LIGHT, settle } from '../../support/work-bench.ts'

describe('the end of a WorkQueue', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] })
    // Half of the upper half: pauses are three quarters of the whole.
    mock.method(Math, 'random', () => 0.5)
  })

  afterEach(() => {
    mock.timers.reset()
    mock.restoreAll()
  })

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
