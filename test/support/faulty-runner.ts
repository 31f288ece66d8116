// The real runner, except that one chosen command fails: before it runs, after it ran, or stopped half-way.
import { CommandFailed } from '../../src/lib/errors.ts'
import { shellLine, type Command } from '../../src/lib/system/command.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'

export type Fault = 'before' | 'after' | 'killed'
export const FAULTS: readonly Fault[] = ['before', 'after', 'killed']

/** Commands that only look are not steps of a plan; a fault in one of them is another test's. */
const changes = ({ tool, args }: Command): boolean =>
  !args.includes('-json') && !args.includes('-k') && !(tool === 'sysctl' && args.includes('-ne'))

interface FaultyRunner {
  readonly runner: Runner
  /** Whether there was such a command. */
  readonly reached: () => boolean
  /** Whether anybody has asked if the command was stopped half-way, which is all that `after` and `killed` differ in. */
  readonly asked: () => boolean
}

/** Fails the `nth` (from 0) changing command, once. */
export function faultyRunner(nth: number, fault: Fault): FaultyRunner {
  let count = 0
  let isAsked = false
  const runner: Runner = async (command, signal) => {
    if (!changes(command) || count++ !== nth) return run(command, signal)
    // Its own failure may be an answer (nft's words for a missing table): the fault takes its place.
    if (fault !== 'before') await run(command, signal).catch(() => undefined)
    const failure = new CommandFailed(shellLine(command), `fault ${fault}`, fault === 'killed', 'Made to fail')
    throw Object.defineProperty(failure, 'unknown', {
      get() {
        isAsked = true
        return fault === 'killed'
      },
    })
  }
  return { runner, reached: () => count > nth, asked: () => isAsked }
}

export interface EachFault extends Pick<FaultyRunner, 'runner' | 'reached'> {
  readonly nth: number
  /** For messages: "command 3, killed". */
  readonly what: string
}

/**
 * Runners for one run each: every changing command fails in turn, in each of the ways (all, if left out), and last comes a run that
 * has no such command any more (`reached` is false then). Where nobody has asked a command that failed after it ran whether it
 * was stopped half-way, `killed` would be the same run once more, and is left out.
 */
export function* eachFault(ways: readonly Fault[] = FAULTS): Generator<EachFault> {
  for (let nth = 0; ; nth++) {
    let isSame = false
    for (const fault of ways) {
      if (fault === 'killed' && isSame) continue
      const { asked, ...made } = faultyRunner(nth, fault)
      yield { ...made, nth, what: `command ${String(nth)}, ${fault}` }
      if (!made.reached()) return
      isSame = fault === 'after' && !asked()
    }
  }
}
