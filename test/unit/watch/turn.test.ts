import { strict as assert } from 'node:assert'
import { turnOf } from '../../../src/lib/watch/turn.ts'

const keys = (count: number) => Array.from({ length: count }, (_, i) => `c${i}`)

describe('turnOf', () => {
  for (const count of [0, 1, 59, 60, 61, 119, 200, 1000])
    it(`gives each of ${count} one turn in any sixty rounds, and at no time many of them`, () => {
      for (const first of [1, 2, 45, 60, 61, 6000]) {
        const turns = Array.from({ length: 60 }, (_, i) => [...turnOf(keys(count), first + i)])
        assert.deepEqual(turns.flat().sort(), keys(count).sort(), `from round ${first}`)
        assert.ok(Math.max(...turns.map(({ length }) => length)) <= Math.ceil(count / 60))
      }
    })

  it('gives nobody a turn in the first round', () => {
    assert.equal(turnOf(keys(1000), 0).size, 0)
    assert.notEqual(turnOf(keys(1000), 60).size, 0)
  })

  it('does not depend on the order in which they are told, and leaves that alone', () => {
    const backwards = keys(200).reverse()
    for (let round = 0; round < 61; round++) assert.deepEqual(turnOf(backwards, round), turnOf(keys(200), round))
    assert.deepEqual(backwards, keys(200).reverse())
  })
})
