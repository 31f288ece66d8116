// What --fix does with the safe fixes of what was found.
import type { Fix } from './check.ts'
import type { CheckReport } from './run-checks.ts'
import { troublesOf } from './report.ts'

/** What is behind may come to light only when what is before it is mended; a fix that does not help is not tried without end. */
const MOST_ROUNDS = 3

/** The fixes that --fix may run, each once. */
export function safeFixes(reports: readonly CheckReport[]): readonly Fix[] {
  const fixes = troublesOf(reports).flatMap(({ trouble: { fix } }) => (fix.safe === undefined ? [] : [fix]))
  // One gc removes all that is left over; but `ovsd watch --once` is said of each network by itself.
  return [...new Map(fixes.map((fix) => [fix.lines.join('\n') === 'ovsd gc' ? 'ovsd gc' : fix, fix])).values()]
}

/** What came of it. */
export interface Mended {
  /** As it is now. */
  readonly reports: readonly CheckReport[]
  /** The lines that were run, in order. */
  readonly fixed: readonly string[]
}

/**
 * Applies the safe fixes of what was found, looks again, and goes on with what has come to light by that: a route goes with its
 * address, and is missed only when that is back. A line that was run is not run again. `apply` says by itself when one fails.
 */
export async function mendAll(
  first: readonly CheckReport[],
  examine: () => Promise<readonly CheckReport[]>,
  apply: (fix: Fix) => Promise<unknown>,
): Promise<Mended> {
  let reports = first
  const fixed: string[] = []
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const fixes = safeFixes(reports).filter(({ lines }) => round === 0 || !fixed.includes(lines.join('; ')))
    if (fixes.length === 0) break
    for (const fix of fixes) {
      await apply(fix)
      fixed.push(fix.lines.join('; '))
    }
    reports = await examine()
  }
  return { reports, fixed }
}
