import { strict as assert } from 'node:assert'
import { OneAtATime } from '../../../src/lib/watch/one-at-a-time.ts'
import { settle } from '../../support/work-bench.ts'

describe('OneAtATime', () => {
  it('runs once more for all who asked while it ran, and rests when nobody did', async () => {
    const ends: PromiseWithResolvers<undefined>[] = []
    let rests = 0
    const one = new OneAtATime(
      async () => {
        const end = Promise.withResolvers<undefined>()
        ends.push(end)
        await end.promise
      },
      () => rests++,
    )
    const end = async (nth: number): Promise<void> => {
      ends[nth]?.resolve(undefined)
      await settle()
    }
    for (let i = 0; i < 3; i++) one.ask()
    assert.equal(ends.length, 1)
    await end(0)
    assert.deepEqual([ends.length, rests], [2, 0])
    await end(1)
    assert.deepEqual([ends.length, rests], [2, 1])
    one.ask()
    await end(2)
    assert.deepEqual([ends.length, rests], [3, 2])
  })
})
