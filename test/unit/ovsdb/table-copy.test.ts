import { strict as assert } from 'node:assert'
import { TableCopy } from '../../../src/lib/ovsdb/table-copy.ts'

const COLUMNS = {
  name: { kind: 'single', initial: '' },
  trunks: { kind: 'set', initial: ['set', []] },
} as const
const table = () => new TableCopy(COLUMNS, (row) => ({ ...row }))
const row = (id: string, name: string, ...trunks: number[]) => ({ _uuid: ['uuid', id], name, trunks: ['set', trunks] })

describe('TableCopy', () => {
  it('gives rows to the decoder as a select gives them: with their UUID, and with what was left out', () => {
    const copy = table()
    copy.apply('1', { initial: {} })
    copy.apply('2', { insert: { name: 'p', trunks: ['set', [5]], unasked: 1 } })
    assert.deepEqual(
      [...copy.entries()],
      [
        ['1', row('1', '')],
        ['2', row('2', 'p', 5)],
      ],
    )
    assert.deepEqual([...copy.ids()], ['1', '2'])
  })

  it('changes only what differs, again and again', () => {
    const copy = table()
    copy.apply('1', { initial: { name: 'p' } })
    copy.apply('1', { modify: { trunks: 7 } })
    const { before, after } = copy.apply('1', { modify: { trunks: ['set', [7, 9]] } })
    assert.deepEqual([before, after], [row('1', 'p', 7), row('1', 'p', 9)])
    assert.equal(copy.get('1'), after)
  })

  it('keeps the row itself when nothing of it is known to have changed', () => {
    const copy = table()
    copy.apply('1', { initial: { name: 'p' } })
    const { before, after } = copy.apply('1', { modify: { unasked: 2 } })
    assert.equal(before, after)
    assert.equal(copy.get('1'), after)
  })

  it('forgets a row that was deleted', () => {
    const copy = table()
    copy.apply('1', { initial: { name: 'p' } })
    assert.deepEqual(copy.apply('1', { delete: null }), { before: row('1', 'p'), after: undefined })
    assert.deepEqual([...copy.ids()], [])
    assert.deepEqual(copy.apply('1', { delete: null }), { before: undefined, after: undefined })
  })
})
