import { CommandFailed } from '../../src/lib/errors.ts'
import { shellLine, type Command } from '../../src/lib/system/command.ts'
import type { Runner } from '../../src/lib/system/runner.ts'
import { captured, type Captured } from './captured.ts'

/** What the script says to one command: a recording, by its name; or an error to throw; or output made up on the spot. */
export type Line = string | Error | Partial<Captured>

/** A Runner that answers from a script and remembers what it was asked. */
export interface ScriptedRunner {
  readonly run: Runner
  /** The commands that were run, as a person would type them, in order. */
  readonly ran: readonly string[]
}

/**
 * A Runner that gives each command the next answer of the entry whose beginning matches `TOOL ARG…`; the last answer
 * stays. A command without an entry is an error: nothing is run that the test does not know of.
 */
export function scriptedRunner(script: Readonly<Record<string, readonly Line[]>> = {}): ScriptedRunner {
  const ran: string[] = []
  const answers = new Map(Object.entries(script).map(([beginning, lines]) => [beginning, [...lines]]))
  const run: Runner = (command, signal) => {
    signal?.throwIfAborted()
    ran.push(shellLine(command))
    const typed = [command.tool, ...command.args].join(' ')
    const lines = [...answers].find(([beginning]) => typed.startsWith(beginning))?.[1] ?? []
    const line = lines.length > 1 ? lines.shift() : lines[0]
    if (line === undefined) return Promise.reject(new Error(`not in the script: ${typed}`))
    return line instanceof Error ? Promise.reject(line) : answer(command, line)
  }
  return { run, ran }
}

/** The recording as the real runner would give it: other statuses than 0 are failures unless the command says so. */
function answer(command: Command, line: string | Partial<Captured>): ReturnType<Runner> {
  const { status = 0, stdout = '', stderr = '' } = typeof line === 'string' ? captured(line) : line
  if (status === 0 || command.okStatuses?.includes(status) === true) return Promise.resolve({ status, stdout, stderr })
  const said = stderr.trim() || stdout.trim()
  return Promise.reject(new CommandFailed(shellLine(command), said, false, `Failed with status ${status}`))
}
