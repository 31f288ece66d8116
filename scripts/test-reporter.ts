// mocha's usual report, plus the three numbers in a file for scripts/test.ts. mocha loads this by its path.
import { writeFileSync } from 'node:fs'
import Mocha from 'mocha'

/** What came of a run, in tests. A failed hook counts as a failed test. */
export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** Writes Counts as JSON to the reporter option `output` when the run has ended. */
export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options)
    const { output } = options.reporterOptions as { output: string }
    runner.once('end', () => {
      // Always there at this point; if not, no file is what scripts/test.ts takes for a failure.
      if (runner.stats === undefined) return
      const { passes, failures, pending } = runner.stats
      const counts: Counts = { passed: passes, failed: failures, skipped: pending }
      writeFileSync(output, JSON.stringify(counts))
    })
  }
}
