import { strict as assert } from 'node:assert'
import { fnv1a64 } from '../../../src/lib/net/hash.ts'

describe('fnv1a64', () => {
  // Names of ports and MAC addresses on running hosts are made of it: it must never give another answer.
  const cases = {
    '': '8570e250fe4c2473',
    a: '82b19d9859a61322',
    'port/c474a0e2830e/eth1': '93a69c3c9139ed1d',
    'pört/眼': '69855472ea1c2639',
  }
  for (const [text, hash] of Object.entries(cases))
    it(`of "${text}" stays ${hash}`, () => {
      assert.equal(fnv1a64(text), hash)
    })

  it('has 16 digits and spreads neighbouring texts over the first 13', () => {
    const all = Array.from({ length: 20_000 }, (_, i) => fnv1a64(`port/${i}/eth1`))
    assert.ok(all.every((hash) => /^[0-9a-f]{16}$/.test(hash)))
    assert.equal(new Set(all.map((hash) => hash.slice(0, 13))).size, all.length)
    // The first digit alone: 1,250 each, give or take five standard deviations.
    const first = Map.groupBy(all, (hash) => hash[0])
    assert.equal(first.size, 16)
    for (const group of first.values()) assert.ok(Math.abs(group.length - 1250) < 5 * 34, String(group.length))
  })
})
