import { strict as assert } from 'node:assert'
import { Pace } from '../../../src/lib/reconcile/pace.ts'

describe('Pace', () => {
  it('holds up who is changed more than thirty times within a minute, and nobody else', () => {
    let now = 0
    const pace = new Pace(() => now)
    for (let i = 0; i < 30; i++) pace.changed('a')
    pace.changed('b')
    assert.deepEqual([pace.delayOf('a'), pace.delayOf('b'), pace.delayOf('c')], [0, 0, 0])
    pace.changed('a')
    assert.deepEqual([pace.delayOf('a'), pace.delayOf('b')], [5000, 0])
    now = 59_999
    assert.equal(pace.delayOf('a'), 5000)
    now = 60_000
    assert.equal(pace.delayOf('a'), 0)
    pace.changed('a')
    assert.equal(pace.delayOf('a'), 0)
  })
})
