import { strict as assert } from 'node:assert'
import { Restraint } from '../../../src/lib/watch/restraint.ts'

describe('Restraint', () => {
  let now: number
  let restraint: Restraint

  beforeEach(() => {
    now = 1000
    restraint = new Restraint(() => now)
  })

  const ask = (times: number, id = 'web') => Array.from({ length: times }, () => restraint.of(id))
  const FIRST_NINE = [...Array<string>(7).fill('normal'), 'last', 'quiet']

  it('lets eight lines through, of which the last says so, and then none', () => {
    assert.deepEqual(ask(9), FIRST_NINE)
    assert.deepEqual(new Set(ask(1000)), new Set(['quiet']))
  })

  it('begins anew a minute after the first line, and not before', () => {
    ask(5)
    now += 59_999
    assert.deepEqual(ask(4), ['normal', 'normal', 'last', 'quiet'])
    now += 1
    assert.deepEqual(ask(9), FIRST_NINE)
  })

  it('does not put one container’s lines on another’s account', () => {
    ask(100)
    assert.deepEqual(ask(9, 'db'), FIRST_NINE)
    // Names that every object has are nobody's.
    for (const id of ['', '__proto__', 'constructor']) assert.deepEqual(ask(9, id), FIRST_NINE)
  })

  it('keeps nothing of containers that have been quiet', () => {
    // If it did, each of these would be looked at for each that follows: seconds, not milliseconds.
    const begun = performance.now()
    for (let i = 0; i < 50_000; i++) {
      restraint.of(String(i))
      now += 60_000
    }
    assert.ok(performance.now() - begun < 1000)
  })

  it('has a clock of its own', () => {
    const own = new Restraint()
    assert.deepEqual(
      Array.from({ length: 9 }, () => own.of('web')),
      FIRST_NINE,
    )
  })
})
