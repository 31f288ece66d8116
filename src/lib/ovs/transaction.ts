import type { Change } from '../ovsdb/operations.ts'
import type { Command } from '../system/command.ts'

/** A command line of ovs-vsctl, and the one transaction that it makes: whoever has a connection open makes that (docs/decisions/0018). */
export interface Transaction extends Command {
  /** Made when it is asked for: a command that is run as a tool needs none. */
  readonly changes: () => readonly Change[]
  /** How long ovs-vswitchd may take to do it, in seconds; 0: it is not waited for. */
  readonly waitSeconds: number
}

/** Whether a command is also told as a transaction. */
export const isTransaction = (command: Command): command is Transaction => 'changes' in command
