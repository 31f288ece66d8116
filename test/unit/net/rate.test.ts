import { strict as assert } from 'node:assert'
import { describeRate, parseRate } from '../../../src/lib/net/rate.ts'
import { accepts, refuses } from '../../support/bad-input.ts'

describe('parseRate', () => {
  accepts(parseRate, {
    '1k': 1,
    '1000': 1,
    '1999': 1,
    '64k': 64,
    '100M': 100_000,
    '100Mbit': 100_000,
    '1500bit': 1,
    '1G': 1_000_000,
    '400G': 400_000_000,
    '400000000000': 400_000_000,
  })
  refuses(parseRate, '--rate', [
    ...['', '0', '0M', '1', '999', '-1M', '+1M', '1.5M', '1e3', '100m', '100K', '100 M', ' 100M', '100M ', '0100M'],
    ...['401G', '400000001k', '9999999999999', '99999999999999999999G', 'M', 'bit', '100MB', '100Mbits', '１００M'],
  ])
})

describe('describeRate', () => {
  it('gives words that mean the same', () => {
    const texts = Object.entries({ 1: '1k', 1500: '1500k', 64: '64k', 1000: '1M', 1_500_000: '1500M', 2_000_000: '2G' })
    for (const [kbit, text] of texts) {
      assert.equal(describeRate(Number(kbit)), text)
      assert.equal(parseRate(text), Number(kbit))
    }
  })
})
