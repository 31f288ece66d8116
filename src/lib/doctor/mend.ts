// What --fix does with the safe fixes of what was found.
import type { Fix } from './check.ts'
import type { CheckReport } from './run-checks.ts'
import { troublesOf } from './report.ts'

/** What is behind may come to light only when what is before it is mended; a fix that does not help is not tried without end. */
const MOST_ROUNDS = 3

/** A fix that --fix may run, and what it is for. */
export interface Mending {
  readonly key: string
  readonly fix: Fix
}

/** The fixes that --fix may run, each once: one gc of a bridge removes all that is left over there. */
export function safeFixes(reports: readonly CheckReport[]): readonly Mending[] {
  const all = troublesOf(reports).flatMap(({ id, trouble: { fix, subject } }) =>
    fix.safe === undefined ? [] : [{ key: [id, subject, ...fix.lines].join('\n'), fix }],
  )
  return [...new Map(all.map((one) => [one.fix.lines.join('\n'), one])).values()]
}

/** What came of it. */
export interface Mended {
  /** As it is now. */
  readonly reports: readonly CheckReport[]
  /** The lines that were run, in order. */
  readonly fixed: readonly string[]
}

/** What doctor does by itself, and what others decide. */
export interface Mender {
  examine(): Promise<readonly CheckReport[]>
  /** Shows the fixes of a round, and says whether they may be run. */
  allows(fixes: readonly Fix[]): Promise<boolean>
  /** Runs one; says whether it could, and why not by itself. */
  apply(fix: Fix): Promise<boolean>
}

/**
 * Applies the safe fixes of what was found, looks again, and goes on with what has come to light by that: a route goes with its
 * address, and is missed only when that is back. What was tried for something is not tried for it again.
 */
export async function mendAll(first: readonly CheckReport[], mender: Mender): Promise<Mended> {
  let reports = first
  const [fixed, tried]: [string[], Set<string>] = [[], new Set()]
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixes = safeFixes(reports).filter(({ key }) => !tried.has(key))
    if (fixes.length === 0 || !(await mender.allows(fixes.map(({ fix }) => fix)))) break
    for (const { key, fix } of fixes) {
      tried.add(key)
      if (await mender.apply(fix)) fixed.push(fix.lines.join('; '))
    }
    reports = await mender.examine()
  }
  return { reports, fixed }
}
