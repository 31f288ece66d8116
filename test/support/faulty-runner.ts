// The real runner, except that one chosen command fails: before it runs, after it ran, or stopped half-way.
import { CommandFailed } from '../../src/lib/errors.ts'
import { shellLine, type Command } from '../../src/lib/system/command.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'

export type Fault = 'before' | 'after' | 'killed'
export const FAULTS: readonly Fault[] = ['before', 'after', 'killed']

/** Commands that only look are not steps of a plan; a fault in one of them is another test's. */
const changes = ({ tool, args }: Command): boolean =>
  !args.includes('-json') && !args.includes('-k') && !(tool === 'sysctl' && args.includes('-ne'))

/** Fails the `nth` (from 0) changing command, once; `reached` tells whether there was one. */
export function faultyRunner(nth: number, fault: Fault): { readonly runner: Runner; reached: () => boolean } {
  let count = 0
  const runner: Runner = async (command, signal) => {
    if (!changes(command) || count++ !== nth) return run(command, signal)
    // Its own failure may be an answer (nft's words for a missing table): the fault takes its place.
    if (fault !== 'before') await run(command, signal).catch(() => undefined)
    throw new CommandFailed(shellLine(command), `fault ${fault}`, fault === 'killed', 'Made to fail')
  }
  return { runner, reached: () => count > nth }
}
