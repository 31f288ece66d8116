import type { Pace } from '../reconcile/pace.ts'
import { merged, type Occasion, type WorkQueue } from '../reconcile/queue.ts'

/** Where containers that were heard of wait until it is known what is wanted of whom, and then go on to the queue. */
export class Inbox {
  readonly #queue: WorkQueue
  readonly #pace: Pace
  /** Before the first look at everything. */
  #early: Map<string, Occasion> | undefined = new Map()

  constructor(queue: WorkQueue, pace: Pace) {
    this.#queue = queue
    this.#pace = pace
  }

  /** Whether everything was looked at once. */
  get isOpen(): boolean {
    return this.#early === undefined
  }

  /** The engine told something of a container. */
  engineTold(id: string, occasion: Occasion): void {
    this.#add(id, occasion, 0)
  }

  /** The database told something of a container: somebody may be changing it again and again. */
  databaseTold(id: string, occasion: Occasion): void {
    this.#add(id, occasion, this.#pace.delayOf(id))
  }

  /** Everything was looked at: containers to be worked on, with those that were heard of before. */
  looked(found: Iterable<readonly [string, Occasion]>): void {
    const early = this.#early ?? []
    this.#early = undefined
    for (const [id, occasion] of found) this.#queue.add(id, occasion)
    for (const [id, occasion] of early) this.#queue.add(id, occasion)
  }

  #add(id: string, occasion: Occasion, delayMs: number): void {
    if (this.#early === undefined) this.#queue.add(id, occasion, delayMs)
    else this.#early.set(id, merged(this.#early.get(id), occasion))
  }
}
