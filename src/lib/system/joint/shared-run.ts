import { CommandFailed, ToolMissing } from '../../errors.ts'
import { shellLine, type Command } from '../command.ts'
import { LIMIT_MS, type Runner } from '../runner.ts'
import type { Member } from './member.ts'
import { whenAllStop } from './when-all-stop.ts'

/** What one more command may add to the time of a group: some twelve times what a process inside a namespace takes. */
const EACH_MS = 50

/** How much more time than the slowest of its members a group may take, in milliseconds. */
export const moreTime = (members: readonly unknown[]): number => members.length * EACH_MS

/**
 * Runs one command for all members. When it succeeds, all of them did. Gives the failure that the caller has to share
 * out: the tool's own, or that it is missing. Any other one was told to all of them: what they did is unknown.
 */
export async function sharedRun(
  members: readonly Member[],
  command: Command,
  runner: Runner,
): Promise<CommandFailed | ToolMissing | undefined> {
  using stop = whenAllStop(members)
  const slowest = Math.max(...members.map((member) => member.command.timeoutMs ?? LIMIT_MS))
  try {
    await runner({ ...command, timeoutMs: slowest + moreTime(members) }, stop.signal)
    for (const member of members) member.succeed()
  } catch (error) {
    if (error instanceof ToolMissing || (error instanceof CommandFailed && !error.unknown)) return error
    failAll(members, error)
  }
  return undefined
}

/** Answers all members with one failure, of a tool with each one's own line. Whether they were done is unknown then. */
export function failAll(members: readonly Member[], error: unknown): void {
  for (const member of members)
    member.fail(
      error instanceof CommandFailed
        ? new CommandFailed(shellLine(member.command), error.said, true, 'Failed together with others', error)
        : error,
    )
}

/** Runs a command by itself, exactly as it is, unless its caller has stopped. */
export async function alone(member: Member, runner: Runner): Promise<void> {
  try {
    member.signal?.throwIfAborted()
    member.succeed(await runner(member.command, member.signal))
  } catch (error) {
    member.fail(error)
  }
}
