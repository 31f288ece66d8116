// What the rows of the matrix (docs/matrix.md) say when Debian has other versions than they are about.
import { strict as assert } from 'node:assert'
import { deviation, ROWS, type Row } from '../../scripts/matrix/row.ts'

const row: Row = { suite: 'sid', versions: { 'Open vSwitch': '4.0.', OVN: '26.03.', Docker: '28.5.' } }
const found = { 'Open vSwitch': '4.0.1', OVN: '26.03.1', Docker: '28.5.2+dfsg4' }

describe('a row of the matrix', () => {
  it('has what it is about, whatever comes after the beginnings', () => {
    assert.equal(deviation(row, found), '')
  })

  it('names what is other, older or newer, and what is not there at all', () => {
    assert.equal(
      deviation(row, { ...found, 'Open vSwitch': '4.1.0', Docker: '28.50.1' }),
      'sid has Open vSwitch 4.1.0, Docker 28.50.1; this row is about Open vSwitch 4.0.x, Docker 28.5.x',
    )
    const { OVN, ...without } = found
    assert.equal(OVN, '26.03.1')
    assert.equal(deviation(row, without), 'sid has OVN not at all; this row is about OVN 26.03.x')
  })

  it('can be named: no two have one name', () => {
    const names = ROWS.map(({ suite }) => suite)
    assert.deepEqual([...new Set(names)], names)
  })
})
