// Which words can follow on a command line, for tab completion in every shell.
import type { Live } from './base-command.ts'

/** What completion needs to know of a command. */
export interface Completable {
  readonly args: readonly string[]
  readonly flags: readonly {
    readonly name: string
    readonly takesValue: boolean
    readonly options: readonly string[]
  }[]
  readonly live: Readonly<Record<string, Live>>
}

/** What fits at the end of the line: words that are known already, or a kind of name to be looked up on the host. */
export type Candidates =
  | { readonly words: readonly string[] }
  /** `before` stands before each name: "--bridge=". */
  | { readonly live: Live; readonly before?: string }

/** Flags whose values are names of the host. */
const LIVE_FLAGS: Readonly<Record<string, Live>> = { bridge: 'bridge', container: 'container' }

/** Candidates for the last of `words`, which follow the name of `command`. */
export function candidates(command: Completable, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const valueOf = command.flags.find(({ name, takesValue }) => takesValue && before.at(-1) === `--${name}`)
  if (valueOf !== undefined) return flagValue(valueOf)
  const assigned = /^--([a-z-]+)=/.exec(current)?.[1]
  if (assigned !== undefined) {
    const flag = command.flags.find(({ name }) => name === assigned)
    const values = flag === undefined ? { words: [] } : flagValue(flag)
    const before = `--${assigned}=`
    return 'words' in values ? { words: values.words.map((word) => `${before}${word}`) } : { ...values, before }
  }
  if (current.startsWith('-'))
    return { words: command.flags.map(({ name, takesValue }) => `--${name}${takesValue ? '=' : ''}`) }
  const arg = command.args[operandsIn(command, before)]
  const live = arg === undefined ? undefined : command.live[arg]
  return live === undefined ? { words: [] } : { live }
}

function flagValue({ name, options }: Completable['flags'][number]): Candidates {
  const live = LIVE_FLAGS[name]
  return live === undefined ? { words: options } : { live }
}

/** The values of an option that shows them all as its value: "nat|flat|l2". */
export const choicesIn = (helpValue: string | readonly string[] = ''): readonly string[] =>
  typeof helpValue === 'string' && /^[a-z0-9]+(\|[a-z0-9]+)+$/.test(helpValue) ? helpValue.split('|') : []

/** How many operands there are among words that may be flags and their values. */
function operandsIn({ flags }: Completable, words: readonly string[]): number {
  const takers = new Set(flags.filter(({ takesValue }) => takesValue).map(({ name }) => `--${name}`))
  return words.filter((word, i) => !word.startsWith('-') && !takers.has(words[i - 1] ?? '')).length
}
