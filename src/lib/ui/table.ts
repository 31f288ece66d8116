import Table from 'cli-table3'
import { plainLine } from './plain-text.ts'

const PLACES = ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
const LINES = [...PLACES, 'left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid']

/**
 * A table without lines, as docker(1) and kubectl(1) print theirs: easy to read, and to cut with awk. `paintCell`
 * colours a cell of the given column and row.
 */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  paintHead: (text: string) => string,
  paintCell: (text: string, column: number, row: number) => string = (text) => text,
): string {
  const made = new Table({
    head: head.map((text) => paintHead(text)),
    chars: { ...Object.fromEntries(LINES.map((line) => [line, ''])), middle: '  ' },
    // cli-table3 would colour the head red, into a pipe as well.
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  })
  made.push(...rows.map((cells, row) => cells.map((cell, column) => paintCell(plainLine(cell), column, row))))
  return made
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}
