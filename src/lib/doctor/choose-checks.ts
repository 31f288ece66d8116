import { BadInput } from '../errors.ts'
import { closest } from '../ui/closest.ts'
import type { Check } from './check.ts'

/** Which checks are wanted: ids (`port.mtu`) or areas (`port`), as typed. */
export interface Choice {
  readonly only: readonly string[]
  readonly skip: readonly string[]
}

/** Of some checks, those to run: those that are chosen, and what they need. */
export interface Chosen {
  readonly run: readonly Check[]
  /** Those that were asked for; the others are shown only when they are why something cannot be said. */
  readonly shown: ReadonlySet<string>
}

/** Chooses. Error: BadInput, for a word that is neither a check nor an area. */
export function chooseChecks(checks: readonly Check[], { only, skip }: Choice): Chosen {
  for (const [option, words] of [['--only', only] as const, ['--skip', skip] as const])
    for (const word of words) requireCheck(checks, option, word)
  const isNamed = ({ id }: Check, words: readonly string[]): boolean =>
    words.some((word) => id === word || id.startsWith(`${word}.`))
  const wanted = checks.filter((one) => (only.length === 0 || isNamed(one, only)) && !isNamed(one, skip))
  const shown = new Set(wanted.map(({ id }) => id))
  const needed = new Set(shown)
  // What is needed stands before who needs it.
  for (const check of checks.toReversed())
    if (needed.has(check.id)) for (const id of check.needs) if (!isNamed({ ...check, id }, skip)) needed.add(id)
  return { run: checks.filter(({ id }) => needed.has(id)), shown }
}

/** The check of that id. Error: BadInput. */
export function checkOf(checks: readonly Check[], id: string): Check {
  const found = checks.find((one) => one.id === id)
  if (found === undefined) throw unknown(checks, 'CHECK', id)
  return found
}

function requireCheck(checks: readonly Check[], option: string, word: string): void {
  if (!checks.some(({ id }) => id === word || id.startsWith(`${word}.`))) throw unknown(checks, option, word)
}

function unknown(checks: readonly Check[], field: string, word: string): BadInput {
  const names = [...new Set(checks.flatMap(({ id }) => [id, id.replace(/\..*$/, '')]))]
  const meant = closest(word, names) ?? 'port.mtu'
  return new BadInput(field, `There is no check "${word}". All of them: ovsd doctor list`, meant)
}
