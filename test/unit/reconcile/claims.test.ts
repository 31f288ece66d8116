import { strict as assert } from 'node:assert'
import { Claims } from '../../../src/lib/reconcile/claims.ts'

const settle = () => new Promise((resolve) => setImmediate(resolve))

/** Whether a claim is still waited for. */
async function waits(claim: Promise<Disposable>): Promise<boolean> {
  let has = false
  void claim.then(() => (has = true))
  await settle()
  return !has
}

/** Numbers from 0 to 1 that are the same in every run. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

describe('Claims', () => {
  it('gives a key to one at a time, in the order in which they came', async () => {
    const claims = new Claims()
    const first = await claims.take(['a'])
    const second = claims.take(['a'])
    const third = claims.take(['a'])
    assert.deepEqual([await waits(second), await waits(third)], [true, true])
    first[Symbol.dispose]()
    assert.deepEqual([await waits(second), await waits(third)], [false, true])
    ;(await second)[Symbol.dispose]()
    assert.equal(await waits(third), false)
  })

  it('does not keep those apart that want different things, or nothing', async () => {
    const claims = new Claims()
    using _a = await claims.take(['a'])
    using _b = await claims.take(['b', 'c'])
    using _none = await claims.take([])
    assert.equal(await waits(claims.take(['d', 'a'])), true)
  })

  it('gives a key that is named twice once', async () => {
    const claims = new Claims()
    const both = await claims.take(['a', 'a'])
    both[Symbol.dispose]()
    assert.equal(await waits(claims.take(['a'])), false)
  })

  it('waits for all of its keys', async () => {
    const claims = new Claims()
    const a = await claims.take(['a'])
    const b = await claims.take(['b'])
    const both = claims.take(['b', 'a'])
    a[Symbol.dispose]()
    assert.equal(await waits(both), true)
    b[Symbol.dispose]()
    assert.equal(await waits(both), false)
  })

  it('is given back once, however often it is disposed of', async () => {
    const claims = new Claims()
    const first = await claims.take(['a'])
    first[Symbol.dispose]()
    using _second = await claims.take(['a'])
    const third = claims.take(['a'])
    first[Symbol.dispose]()
    assert.equal(await waits(third), true)
  })

  it('never gives a key twice and never locks up, with overlapping sets in any order', async () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const random = seeded(seed)
      const claims = new Claims()
      const held = new Set<string>()
      let ended = 0
      const one = async (): Promise<void> => {
        const keys = Array.from({ length: 1 + Math.floor(random() * 4) }, () => `k${Math.floor(random() * 8)}`)
        using _mine = await claims.take(keys)
        for (const key of new Set(keys)) {
          assert.ok(!held.has(key), `${key} is held twice (seed ${seed})`)
          held.add(key)
        }
        for (let turns = Math.floor(random() * 4); turns > 0; turns--) await settle()
        for (const key of keys) held.delete(key)
        ended++
      }
      const all = Promise.all(Array.from({ length: 500 }, one))
      for (let turns = 0; ended < 500 && turns < 5000; turns++) await settle()
      assert.equal(ended, 500, `locked up (seed ${seed})`)
      await all
      assert.equal(claims.size, 0)
    }
  })

  it('tells which keys somebody holds, from the moment that they are asked for', async () => {
    const claims = new Claims()
    const asked = claims.take(['a'])
    assert.deepEqual([claims.holds('a'), claims.holds('b')], [true, false])
    const claim = await asked
    claim[Symbol.dispose]()
    assert.equal(claims.holds('a'), false)
  })

  it('keeps nothing of what was given back', async () => {
    const claims = new Claims()
    const first = await claims.take(['a', 'b'])
    const second = claims.take(['b', 'c'])
    assert.equal(claims.size, 3)
    first[Symbol.dispose]()
    assert.equal(claims.size, 2)
    ;(await second)[Symbol.dispose]()
    assert.equal(claims.size, 0)
  })
})
