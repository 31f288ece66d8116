import { plainLine } from './plain-text.ts'

export interface Branch {
  readonly text: string
  readonly below: readonly Branch[]
}

/** Branches as indented lines with guides; `paint` colours the guides. */
export function tree(branches: readonly Branch[], paint: (guide: string) => string): string {
  return branches.flatMap(({ text, below }) => [plain(text), ...lines(below, '', paint)]).join('\n')
}

function lines(branches: readonly Branch[], indent: string, paint: (guide: string) => string): string[] {
  return branches.flatMap(({ text, below }, i) => {
    const last = i === branches.length - 1
    return [
      paint(`${indent}${last ? '└─ ' : '├─ '}`) + plain(text),
      ...lines(below, `${indent}${last ? '   ' : '│  '}`, paint),
    ]
  })
}

/** Colours of our own stay; anything else that steers a terminal goes. */
const plain = (text: string): string =>
  text
    .split(/(\u001B\[[0-9;]*m)/)
    .map((part, i) => (i % 2 === 1 ? part : plainLine(part)))
    .join('')
