import type { Command } from '../command.ts'
import type { Runner } from '../runner.ts'
import type { Member } from './member.ts'

/** One way of doing what several commands do with a single process. */
export interface Way {
  /** Commands with equal keys may go together; undefined: this one has to run by itself. */
  key(command: Command): string | undefined
  /**
   * Runs two or more commands of one key, and answers each of them. Gives back, in their order, those that were not
   * run because one before them failed.
   */
  together(members: readonly Member[], runner: Runner): Promise<readonly Member[]>
}
