import { strict as assert } from 'node:assert'
import { stripVTControlCharacters } from 'node:util'
import { table } from '../../../src/lib/ui/table.ts'

const asIs = (text: string): string => text

describe('table', () => {
  it('puts columns below each other, two spaces apart, without lines and trailing spaces', () => {
    const text = table(
      ['BRIDGE', 'PORT', 'STATE'],
      [
        ['br0', '9b9ae58bfda2f_l', 'ok'],
        ['br-long-name', 'p', ''],
      ],
      asIs,
    )
    assert.equal(
      text,
      ['BRIDGE        PORT             STATE', 'br0           9b9ae58bfda2f_l  ok', 'br-long-name  p'].join('\n'),
    )
  })

  it('is its head when there are no rows', () => {
    assert.equal(table(['A', 'B'], [], asIs), 'A  B')
  })

  it('counts what is seen: wide characters take two places, combining ones none', () => {
    const lines = table(
      ['NAME', 'X'],
      [
        ['眼眼眼', '1'],
        ['e\u0301e\u0301', '2'],
        ['abcdef', '3'],
      ],
      asIs,
    ).split('\n')
    assert.deepEqual(lines, ['NAME    X', '眼眼眼  1', 'e\u0301e\u0301      2', 'abcdef  3'])
  })

  it('colours the head, and cells by column and row, without moving anything', () => {
    const rows = [
      ['br0', 'ok'],
      ['br1', 'stale'],
    ]
    const plain = table(['BRIDGE', 'STATE'], rows, asIs)
    const places: string[] = []
    const red = (text: string): string => `\u001B[31m${text}\u001B[39m`
    const coloured = table(['BRIDGE', 'STATE'], rows, red, (text, column, row) => {
      places.push(`${text} ${column},${row}`)
      return column === 1 ? red(text) : text
    })
    assert.deepEqual(places, ['br0 0,0', 'ok 1,0', 'br1 0,1', 'stale 1,1'])
    assert.ok(coloured.includes(red('stale')) && coloured.includes(red('BRIDGE')))
    assert.equal(stripVTControlCharacters(coloured).replaceAll(/ +$/gm, ''), plain)
  })

  it('brings nothing of its own: no colour, no line', () => {
    assert.match(table(['A'], [['b']], asIs), /^[A-Za-z \n]*$/)
  })

  it('lets nothing through that steers a terminal', () => {
    const text = table(['NAME'], [['a\u001B[2Jb\u202E']], asIs)
    assert.doesNotMatch(text, /[\u001B\u202E]/)
  })
})
