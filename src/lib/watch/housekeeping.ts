import { setTimeout as pause } from 'node:timers/promises'
import { readMarks } from '../attach/marks.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import type { Upkeep } from '../reconcile/upkeep.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { networksChanged } from './touched.ts'

/** What is under way when something changes is let finish first: a plan that makes a network changes several rows. */
const SETTLE_MS = 250

/** Decides when upkeep looks: asked to, and after changes that are about networks; never twice at once. */
export class Housekeeping {
  readonly #upkeep: Upkeep
  readonly #looking: OneAtATime
  #isOver = false
  #last = Promise.resolve()

  constructor(upkeep: Upkeep) {
    this.#upkeep = upkeep
    this.#looking = new OneAtATime(
      () => (this.#last = this.#look()),
      () => undefined,
    )
  }

  /** Has everything looked at soon. */
  ask(): void {
    if (!this.#isOver) this.#looking.ask()
  }

  /** Hears of a change in the database. */
  changed(changes: Changes): void {
    if (networksChanged(changes) || isOfNetworks(changes)) this.ask()
  }

  /** Looks at everything once, at once. */
  now(): Promise<void> {
    return this.#upkeep.keep()
  }

  /** Resolves when what is being done is finished; nothing new is begun. */
  async stop(): Promise<void> {
    this.#isOver = true
    await this.#last
  }

  async #look(): Promise<void> {
    await pause(SETTLE_MS, undefined, { ref: false })
    if (!this.#isOver) await this.#upkeep.keep()
  }
}

/** Whether a port came, went or changed that a network has itself, or that is in one; or one came that a mirror may be about. */
const isOfNetworks = ({ interfaces }: Pick<Changes, 'interfaces'>): boolean =>
  interfaces.some(({ before, after }) =>
    [before, after].some((where) => {
      if (where === undefined) return false
      const { network, part, ours } = readMarks(where.interface.externalIds)
      return network !== '' || part !== '' || (ours && before === undefined)
    }),
  )
