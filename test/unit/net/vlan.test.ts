import { strict as assert } from 'node:assert'
import {
  compactTrunks,
  describeVlan,
  NO_VLAN,
  parseTag,
  parseTrunks,
  parseVlan,
  type Vlan,
} from '../../../src/lib/net/vlan.ts'
import { accepts, refused, refuses } from '../../support/bad-input.ts'

const NOT_A_TAG = ['', '0', '4095', '4096', '-1', '0x10', '1e1', '010', ' 10', '10 ', '10\n', '10.0', 'ten', '１０']

describe('parseTag', () => {
  refuses((text) => parseTag(text), '--vlan', [...NOT_A_TAG, '10,20', '10-20'])
  accepts((text) => parseTag(text), { 1: 1, 10: 10, 4094: 4094 })
})

describe('parseTrunks', () => {
  const parse = (text: string): string => parseTrunks(text).join(' ')
  refuses(parse, '--trunks', [
    ...NOT_A_TAG,
    ',',
    '10,',
    ',10',
    '10,,20',
    '10-',
    '-10',
    '20-10',
    '10-20-30',
    '4000-4095',
  ])
  accepts(parse, {
    '10': '10',
    '20,10': '10 20',
    '10,10,10': '10',
    '100-103,10': '10 100 101 102 103',
    '1-3,2-5': '1 2 3 4 5',
    '7-7': '7',
    '4094': '4094',
  })
})

describe('parseVlan', () => {
  const cases: readonly (readonly [Parameters<typeof parseVlan>[0], Vlan])[] = [
    [{}, NO_VLAN],
    [{ vlan: '10' }, { kind: 'access', tag: 10 }],
    [{ trunks: '20,10' }, { kind: 'trunk', trunks: [10, 20] }],
    [{ native: '5' }, { kind: 'native', tag: 5, trunks: [] }],
    [
      { native: '5', trunks: '10' },
      { kind: 'native', tag: 5, trunks: [10] },
    ],
  ]
  for (const [options, expected] of cases)
    it(`understands ${JSON.stringify(options)}`, () => {
      assert.deepEqual(parseVlan(options), expected)
    })

  it('refuses an access port that is a trunk as well', () => {
    const fine = (): unknown => parseVlan({ trunks: '10,20', native: '5' })
    for (const more of [{ trunks: '10' }, { native: '5' }, { trunks: '10', native: '5' }])
      refused((vlan) => parseVlan({ vlan, ...more }), '100', '--vlan', fine)
  })

  it('names the option that is wrong', () => {
    refused((trunks) => parseVlan({ trunks, native: '5' }), '0', '--trunks')
    refused((native) => parseVlan({ trunks: '10', native }), '4095', '--native-vlan')
  })
})

describe('compactTrunks', () => {
  const cases: Readonly<Record<string, readonly number[]>> = {
    '': [],
    '7': [7],
    '7-8': [7, 8],
    '10,20,100-103': [10, 20, 100, 101, 102, 103],
    '1-4094': Array.from({ length: 4094 }, (_, i) => i + 1),
  }
  for (const [text, ids] of Object.entries(cases))
    it(`writes ${ids.length} ids as "${text}"`, () => {
      assert.equal(compactTrunks(ids), text)
    })

  it('writes what parseTrunks reads back', () => {
    for (const text of ['1,3,5', '1-4094', '4,9-12,4093-4094']) assert.equal(compactTrunks(parseTrunks(text)), text)
  })
})

describe('describeVlan', () => {
  const cases: readonly (readonly [string, Vlan])[] = [
    ['-', NO_VLAN],
    ['10', { kind: 'access', tag: 10 }],
    ['trunk 10-12,20', { kind: 'trunk', trunks: [10, 11, 12, 20] }],
    ['native 5', { kind: 'native', tag: 5, trunks: [] }],
    ['native 5 trunk 7', { kind: 'native', tag: 5, trunks: [7] }],
  ]
  for (const [text, vlan] of cases)
    it(text, () => {
      assert.equal(describeVlan(vlan), text)
    })
})
