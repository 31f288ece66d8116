import { ToolMissing, type CommandFailed } from '../../errors.ts'
import type { Command } from '../command.ts'
import type { Runner } from '../runner.ts'
import type { Member } from './member.ts'
import { alone, failAll, moreTime, sharedRun } from './shared-run.ts'
import { renameIds } from './symbolic-ids.ts'
import type { Way } from './way.ts'

/** Many `ovs-vsctl` calls as one, joined by `--`: one atomic transaction, and ovs-vswitchd is waited for once. */
export const transaction: Way = {
  // Calls with other limits are kept apart: who waits 2 s for ovs-vswitchd, to undo, shall not wait 8 s with others.
  key({ tool, args, input, inside, okStatuses }) {
    const fits = tool === 'ovs-vsctl' && input === undefined && inside === undefined && okStatuses === undefined
    return fits ? parted(args).options.join('\0') : undefined
  },
  async together(members, runner) {
    await transact(members, runner)
    return []
  },
}

/**
 * Into how many a failed transaction is parted, one after the other. One bad command among 200 costs some 20 more
 * transactions, and 200 bad ones 270; halves would take 16 and 400.
 */
const PARTS = 8

/** Until it runs, nothing of these commands was done. */
async function transact(all: readonly Member[], runner: Runner): Promise<void> {
  for (const member of all) if (member.isStopped) member.waitAgain()
  const members = all.filter(({ isStopped }) => !isStopped)
  const [first, ...others] = members
  if (first === undefined) return
  if (others.length === 0) {
    await alone(first, runner)
    return
  }
  const failure = await sharedRun(members, joined(members), runner)
  if (failure === undefined) return
  if (failure instanceof ToolMissing || wasCutOff(failure)) {
    failAll(members, failure)
    return
  }
  // Nothing of it was done. Which command was the bad one, ovs-vsctl does not say.
  const size = Math.ceil(members.length / PARTS)
  for (let i = 0; i < members.length; i += size) await transact(members.slice(i, i + size), runner)
}

/** The connection may have ended before the transaction or after it; to try again would fail once for each. */
const wasCutOff = ({ said }: CommandFailed): boolean => said.includes('database connection failed')

function joined(members: readonly Member[]): Command {
  const { options } = parted(members[0]?.command.args ?? [])
  const seconds = Math.ceil(moreTime(members) / 1_000)
  const longer = options.map((option) =>
    option.replace(/^--timeout=(\d+)$/, (_, limit: string) => `--timeout=${String(Number(limit) + seconds)}`),
  )
  const commands = members.flatMap(({ command }, i) => [
    '--',
    ...renameIds(parted(command.args).commands, `c${String(i)}`),
  ])
  return { tool: 'ovs-vsctl', args: [...longer, ...commands] }
}

/** Options of the call as a whole, which come first, and its commands, without a `--` before the first. */
function parted(args: readonly string[]): { options: readonly string[]; commands: readonly string[] } {
  const found = args.findIndex((argument) => !/^--(?:timeout=|db=|no-wait$)/.test(argument))
  const end = found === -1 ? args.length : found
  return { options: args.slice(0, end), commands: args.slice(args[end] === '--' ? end + 1 : end) }
}
