// What tools say of legs. Their statuses do not tell "there is none" from "it cannot be seen" (no memory, no privilege); their
// words do, and ovsd has them speak English (LC_ALL=C). Taking the one for the other would undo what others have.
import { CommandFailed } from '../errors.ts'
import type { Command } from '../system/command.ts'
import type { Output, Runner } from '../system/runner.ts'

/** What a tool printed; undefined when it failed with words that mean that there is none. Other failures are thrown. */
export async function printed(running: Promise<Output>, none: RegExp): Promise<string | undefined> {
  try {
    return (await running).stdout
  } catch (error) {
    if (error instanceof CommandFailed && !error.unknown && none.test(error.said)) return undefined
    throw error
  }
}

/** The kernel's words for a table without any route. */
const NO_TABLE = /FIB table does not exist/

/** ip's answer; nothing when it says that there is none, in these words. Error: CommandFailed. */
export async function answers<T>(
  run: Runner,
  args: readonly string[],
  signal?: AbortSignal,
  none = NO_TABLE,
): Promise<readonly T[]> {
  const command: Command = { tool: 'ip', args: ['-json', ...args] }
  const text = (await printed(run(command, signal), none)) ?? ''
  return text.trim() === '' ? [] : (JSON.parse(text) as readonly T[])
}
