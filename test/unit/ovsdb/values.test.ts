import { strict as assert } from 'node:assert'
import { map, mapOf, optional, setOf, uuid, uuidOf, type Json } from '../../../src/lib/ovsdb/values.ts'

describe('setOf', () => {
  const cases: readonly (readonly [Json | undefined, readonly Json[]])[] = [
    [undefined, []],
    [['set', []], []],
    [
      ['set', [1, 2]],
      [1, 2],
    ],
    [7, [7]],
    ['', ['']],
    [false, [false]],
    ['set', ['set']],
    [['uuid', 'a'], [['uuid', 'a']]],
    [
      [
        'set',
        [
          ['uuid', 'a'],
          ['uuid', 'b'],
        ],
      ],
      [
        ['uuid', 'a'],
        ['uuid', 'b'],
      ],
    ],
    [['map', []], [['map', []]]],
  ]
  for (const [value, elements] of cases)
    it(`of ${JSON.stringify(value)} is ${JSON.stringify(elements)}`, () => {
      assert.deepEqual(setOf(value), elements)
    })
})

describe('optional', () => {
  it('is the value, or undefined for an empty set', () => {
    assert.equal(optional(5), 5)
    assert.equal(optional(['set', [5]]), 5)
    assert.equal(optional(['set', []]), undefined)
    assert.equal(optional(undefined), undefined)
  })
})

describe('mapOf', () => {
  it('reads what map writes', () => {
    for (const pairs of [{}, { a: 'b' }, { 'k "1"': '{[,]}', '': '', ünï: '眼' }])
      assert.deepEqual(mapOf(map(pairs)), pairs)
  })
  const others: readonly (Json | undefined)[] = [undefined, null, 5, 'map', ['map'], ['map', 5], ['set', [['a', 'b']]]]
  for (const value of others)
    it(`of ${JSON.stringify(value)} is empty`, () => {
      assert.deepEqual(mapOf(value), {})
    })
  it('keeps a key that JavaScript objects treat as special', () => {
    assert.deepEqual(Object.entries(mapOf(['map', [['__proto__', 'x']]])), [['__proto__', 'x']])
  })
})

describe('uuidOf', () => {
  it('reads what uuid writes, and nothing else', () => {
    assert.equal(uuidOf(uuid('7d6a')), '7d6a')
    for (const value of [undefined, null, '7d6a', ['set', []], ['named-uuid', 'x']] as const)
      assert.equal(uuidOf(value), '')
  })
})
