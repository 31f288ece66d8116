import { strict as assert } from 'node:assert'
import { SeenSince } from '../../../src/lib/reconcile/seen-since.ts'

describe('SeenSince', () => {
  let time = 0
  const seen = (...looks: readonly (readonly [at: number, ...names: readonly string[]])[]): SeenSince => {
    const one = new SeenSince(() => time)
    for (const [at, ...names] of looks) {
      time = at
      one.look(names)
    }
    return one
  }

  it('takes two looks, however short the time', () => {
    assert.equal(seen().isFor('a', 0), false)
    assert.equal(seen([0, 'a']).isFor('a', 0), false)
    assert.equal(seen([0, 'a'], [1, 'a']).isFor('a', 0), true)
    assert.equal(seen([0, 'a'], [1, 'a', 'b']).isFor('b', 0), false)
  })

  it('counts from the first look to the last one, and not to now', () => {
    const one = seen([0, 'a'], [50, 'a'], [100, 'a'])
    time = 1000
    assert.deepEqual([one.isFor('a', 100), one.isFor('a', 101)], [true, false])
  })

  it('begins anew with what was not seen in between', () => {
    assert.equal(seen([0, 'a'], [50], [100, 'a'], [120, 'a']).isFor('a', 50), false)
    assert.equal(seen([0, 'a'], [50, 'a'], [100]).isFor('a', 0), false)
  })
})
