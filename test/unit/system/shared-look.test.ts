import { strict as assert } from 'node:assert'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sharedLook } from '../../../src/lib/system/shared-look.ts'

/** Looks that end when the test says so; each gives its number. */
function looks() {
  const begun: PromiseWithResolvers<number>[] = []
  const ask = sharedLook(() => {
    const one = Promise.withResolvers<number>()
    begun.push(one)
    return one.promise
  })
  const end = async (nth: number): Promise<void> => {
    begun[nth]?.resolve(nth)
    await nextTurn()
    await nextTurn()
  }
  return { ask, begun, end }
}

describe('a shared look', () => {
  it('is one for all who ask before it begins', async () => {
    const { ask, begun, end } = looks()
    const asked = [ask(), ask(), Promise.resolve().then(ask)]
    await nextTurn()
    await nextTurn()
    assert.equal(begun.length, 1)
    await end(0)
    assert.deepEqual(await Promise.all(asked), [0, 0, 0])
  })

  it('is never older than the question: who asks while one is under way gets the next one', async () => {
    const { ask, begun, end } = looks()
    const first = ask()
    await nextTurn()
    await nextTurn()
    const later = [ask(), ask()]
    await nextTurn()
    assert.equal(begun.length, 1, 'two looks side by side')
    await end(0)
    assert.equal(begun.length, 2)
    await end(1)
    assert.deepEqual([await first, ...(await Promise.all(later))], [0, 1, 1])
    const last = ask()
    await nextTurn()
    await nextTurn()
    await end(2)
    assert.equal(await last, 2, 'an old answer')
  })

  it('that fails does so for all who share it, and for nobody else', async () => {
    const { ask, begun, end } = looks()
    const failing = [assert.rejects(ask(), /broken/), assert.rejects(ask(), /broken/)]
    await nextTurn()
    await nextTurn()
    const next = ask()
    begun[0]?.reject(new Error('broken'))
    await Promise.all(failing)
    await nextTurn()
    await nextTurn()
    await end(1)
    assert.equal(await next, 1)
  })
})
