import { traced, type Output, type Runner } from '../system/runner.ts'
import type { Committer } from './committer.ts'
import { isTransaction } from './transaction.ts'

const SILENT: Output = { stdout: '', stderr: '', status: 0 }

/**
 * A runner that makes what is a transaction by `committer`, and leaves everything else to `runner`. `tell` is told of the former, with
 * the command line that does the same. Errors: those of both.
 */
export function directRunner(runner: Runner, committer: Committer, tell?: (line: string, ms: number) => void): Runner {
  const direct = traced(async (command, signal) => {
    if (isTransaction(command)) await committer.commit(command, signal)
    return SILENT
  }, tell)
  return (command, signal) => (isTransaction(command) ? direct : runner)(command, signal)
}
