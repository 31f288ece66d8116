import { strict as assert } from 'node:assert'
import { Index, pairKey } from '../../../src/lib/ovs/replica-index.ts'

describe('Index', () => {
  const state = (index: Index<string>, key: string) => [[...index.of(key)], index.count(key), index.first(key)]

  it('finds no row, one row, several rows', () => {
    const index = new Index<string>()
    assert.deepEqual(state(index, 'k'), [[], 0, undefined])
    index.add('k', 'a')
    index.add('k', 'a')
    assert.deepEqual(state(index, 'k'), [['a'], 1, 'a'])
    index.add('k', 'b')
    index.add('k', 'b')
    index.add('k', 'c')
    assert.deepEqual(state(index, 'k'), [['a', 'b', 'c'], 3, 'a'])
    assert.deepEqual(state(index, 'other'), [[], 0, undefined])
  })

  it('forgets rows one by one, and those it does not have without harm', () => {
    const index = new Index<string>()
    for (const id of ['a', 'b']) index.add('k', id)
    index.delete('k', 'c')
    index.delete('k', 'a')
    assert.deepEqual(state(index, 'k'), [['b'], 1, 'b'])
    index.delete('k', 'b')
    index.delete('k', 'b')
    assert.deepEqual(state(index, 'k'), [[], 0, undefined])
    index.add('k', 'c')
    index.delete('k', 'd')
    assert.deepEqual(state(index, 'k'), [['c'], 1, 'c'])
  })
})

describe('pairKey', () => {
  it('is the same for the same pair, and another one for pairs that look alike', () => {
    assert.equal(pairKey('ovsd_id', 'c474'), pairKey('ovsd_id', 'c474'))
    const pairs = [
      ['ab', 'c'],
      ['a', 'bc'],
      ['abc', ''],
      ['', 'abc'],
      ['c', 'ab'],
      ['ab', 'C'],
    ] as const
    assert.equal(new Set(pairs.map(([key, value]) => pairKey(key, value))).size, pairs.length)
  })

  it('spreads marks: hardly two of 50,000 share a number', () => {
    const keys = new Set(Array.from({ length: 50_000 }, (_, i) => pairKey(`ovsd_ip.10.${i >> 8}.${i & 255}.7`, 'br0')))
    assert.ok(keys.size > 49_990, `${keys.size}`)
  })
})
