import { strict as assert } from 'node:assert'
import { Rounds } from '../../../src/lib/watch/rounds.ts'

const found = (keys: Readonly<Record<string, boolean>>, kept: readonly string[] = [], remembered: string[] = []) => ({
  ...{ keys: new Map(Object.entries(keys)), kept, remembered },
})
const looks = (rounds: Rounds, ...what: Parameters<typeof found>) => Object.fromEntries(rounds.next(found(...what)))

describe('rounds', () => {
  it('are quick at first, but for what is suspect; then everybody has a turn, once', () => {
    const rounds = new Rounds()
    assert.deepEqual(looks(rounds, { a: false, b: true }), { a: false, b: true })
    const thorough = Array.from({ length: 60 }, () => looks(rounds, { a: false, b: false }))
    assert.deepEqual(
      ['a', 'b'].map((id) => thorough.filter((one) => one[id]).length),
      [1, 1],
    )
  })

  it('are about those who are gone, too: in the first round all for whom addresses are kept, later some', () => {
    const rounds = new Rounds()
    const kept = Array.from({ length: 120 }, (_, i) => `k${i}`)
    assert.equal(Object.keys(looks(rounds, { k0: true }, kept)).length, 120)
    assert.equal(Object.keys(looks(rounds, {}, kept)).length, 2)
    // What is found now counts, and not what was remembered.
    assert.deepEqual(looks(rounds, { a: true }, [], ['a', 'b']), { a: true, b: false })
  })

  it('trust nothing once, when that was said', () => {
    const rounds = new Rounds()
    rounds.distrust()
    assert.deepEqual(looks(rounds, { a: false }, ['b'], ['c']), { a: true, b: true, c: true })
    assert.deepEqual(looks(rounds, { a: false }), { a: false })
  })
})
