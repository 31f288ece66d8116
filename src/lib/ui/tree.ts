import { plainLine } from './plain-text.ts'

export interface Branch {
  readonly text: string
  /** Colours the text, after it has been made safe for a terminal. */
  readonly paint?: (text: string) => string
  readonly below: readonly Branch[]
}

/** Branches as indented lines with guides; `paintGuide` colours the guides. */
export function tree(branches: readonly Branch[], paintGuide: (guide: string) => string): string {
  return branches.flatMap((branch) => [shown(branch), ...lines(branch.below, '', paintGuide)]).join('\n')
}

function lines(branches: readonly Branch[], indent: string, paintGuide: (guide: string) => string): string[] {
  return branches.flatMap((branch, i) => {
    const last = i === branches.length - 1
    return [
      paintGuide(`${indent}${last ? '└─ ' : '├─ '}`) + shown(branch),
      ...lines(branch.below, `${indent}${last ? '   ' : '│  '}`, paintGuide),
    ]
  })
}

const shown = ({ text, paint = (plain) => plain }: Branch): string => paint(plainLine(text))
