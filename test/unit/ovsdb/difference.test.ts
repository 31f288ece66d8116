import { strict as assert } from 'node:assert'
import { withDifference } from '../../../src/lib/ovsdb/difference.ts'
import type { Json } from '../../../src/lib/ovsdb/values.ts'

const A = ['uuid', '0a000000-0000-4000-8000-000000000000']
const B = ['uuid', 'b0000000-0000-4000-8000-000000000000']
const pairs = (...list: readonly (readonly [string, string])[]): Json => ['map', list]

describe('withDifference', () => {
  const cases: readonly (readonly [string, 'single' | 'set' | 'map', Json, Json, Json])[] = [
    ['a value', 'single', 5, 6, 6],
    ['a value that goes', 'single', 5, ['set', []], ['set', []]],
    ['an element that comes', 'set', ['set', []], 7, ['set', [7]]],
    ['an element that goes', 'set', 7, 7, ['set', []]],
    ['elements both ways', 'set', ['set', [5, 7, 9]], ['set', [7, 10]], ['set', [5, 9, 10]]],
    ['a reference beside another, in the order of the server', 'set', B, A, ['set', [A, B]]],
    ['a reference that goes', 'set', ['set', [A, B]], A, ['set', [B]]],
    ['numbers, sorted as numbers', 'set', 100, 9, ['set', [9, 100]]],
    ['a pair that comes', 'map', pairs(['a', '1']), pairs(['b', '2']), pairs(['a', '1'], ['b', '2'])],
    ['a pair that goes', 'map', pairs(['a', '1'], ['b', '2']), pairs(['b', '2']), pairs(['a', '1'])],
    [
      'a pair with another value',
      'map',
      pairs(['a', '1'], ['b', '2']),
      pairs(['a', '3']),
      pairs(['a', '3'], ['b', '2']),
    ],
    ['a value that is like a key', 'map', pairs(['a', 'b']), pairs(['b', 'a']), pairs(['a', 'b'], ['b', 'a'])],
  ]
  for (const [what, kind, old, difference, expected] of cases)
    it(`carries out ${what}`, () => {
      assert.deepEqual(withDifference(kind, old, difference), expected)
    })
})
