import type { Changes } from '../ovs/replica-changes.ts'
import type { Chores } from './chores.ts'

/** What lives beside `watch` in its process: it has no ears, no timer and no upkeep of its own. */
export interface Companion {
  /** What it needs looked after. */
  readonly chores: Chores
  /** What it cannot do while the database is away, for the log. */
  readonly meanwhile: string
  /** Hears of a change in the database. */
  changed(changes: Changes): void
  /** The database, or the engine, answers: for the first time, again, or still; or a container has another name. */
  back(): void
}
