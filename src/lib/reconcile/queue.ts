import { pauseMs, type Backoff } from './backoff.ts'

/** Why a key is looked at. */
export interface Occasion {
  /** Look at everything, and do not trust what was left there last time. */
  readonly thorough: boolean
  /** When it was heard of, in milliseconds of performance.now(). */
  readonly since: number
}

/** Both at once, when there are two. */
export const merged = (one: Occasion | undefined, other: Occasion): Occasion => ({
  thorough: one?.thorough === true || other.thorough,
  since: Math.min(one?.since ?? Infinity, other.since),
})

export interface QueueOptions {
  /** Works on one key. A rejection brings the key back after a pause. */
  readonly work: (key: string, occasion: Occasion) => Promise<void>
  /** Told of every failure, with the pause in milliseconds; undefined when it will not be tried again. */
  readonly failed: (key: string, error: unknown, retryMs: number | undefined) => void
  readonly atOnce: number
  readonly backoff: Backoff
  /** False: a failure is final (--once). */
  readonly retries: boolean
}

/** What is known of a key. A worker changes it while others look. */
interface Entry {
  waiting: Occasion | undefined
  running: boolean
  tries: number
  timer: NodeJS.Timeout | undefined
}

/**
 * Keys to be worked on: each waits at most once, and never has two workers. What is added while a key is being worked on
 * brings it back once, afterwards.
 */
export class WorkQueue {
  readonly #options: QueueOptions
  readonly #entries = new Map<string, Entry>()
  /** Keys that may start now, oldest first. */
  readonly #ready = new Set<string>()
  #running = 0
  #stopped = false
  #idle: PromiseWithResolvers<undefined> | undefined

  constructor(options: QueueOptions) {
    this.#options = options
  }

  /** Keys that wait, are being worked on, or will be tried again. */
  get length(): number {
    return this.#entries.size
  }

  /** All of them. */
  get keys(): Iterable<string> {
    return this.#entries.keys()
  }

  /**
   * Has a key looked at as soon as may be, or after `delayMs`; one that is waiting is then not kept waiting, nor for longer.
   */
  add(key: string, occasion: Occasion, delayMs = 0): void {
    if (this.#stopped) return
    const entry = this.#entries.get(key) ?? { waiting: undefined, running: false, tries: 0, timer: undefined }
    this.#entries.set(key, entry)
    entry.waiting = merged(entry.waiting, occasion)
    if (delayMs > 0) {
      if (!this.#ready.has(key)) entry.timer ??= this.#timer(key, entry, delayMs)
      return
    }
    clearTimeout(entry.timer)
    entry.timer = undefined
    if (!entry.running) this.#ready.add(key)
    this.#next()
  }

  /** Resolves when nothing is left to do. */
  async idle(): Promise<void> {
    if (this.#entries.size > 0) await (this.#idle ??= Promise.withResolvers()).promise
  }

  /** Starts nothing any more; resolves when what runs has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const [key, entry] of this.#entries) {
      clearTimeout(entry.timer)
      entry.waiting = undefined
      if (!entry.running) this.#drop(key)
    }
    this.#ready.clear()
    await this.idle()
  }

  #next(): void {
    for (const key of this.#ready) {
      if (this.#running >= this.#options.atOnce) return
      this.#ready.delete(key)
      const entry = this.#entries.get(key)
      if (entry?.waiting !== undefined) void this.#run(key, entry, entry.waiting)
    }
  }

  async #run(key: string, entry: Entry, occasion: Occasion): Promise<void> {
    entry.waiting = undefined
    entry.running = true
    this.#running++
    try {
      await this.#options.work(key, occasion)
      entry.tries = 0
    } catch (error) {
      this.#later(key, entry, occasion, error)
    } finally {
      entry.running = false
      this.#running--
    }
    this.#after(key, entry)
    this.#next()
  }

  #after(key: string, entry: Entry): void {
    if (entry.waiting === undefined) this.#drop(key)
    else if (entry.timer === undefined) this.#ready.add(key)
  }

  #later(key: string, entry: Entry, { since }: Occasion, error: unknown): void {
    entry.tries++
    const again = this.#options.retries && !this.#stopped
    const ms = again ? pauseMs(this.#options.backoff, entry.tries) : undefined
    this.#options.failed(key, error, ms)
    if (ms === undefined) return
    const { waiting } = entry
    entry.waiting = merged(waiting, { thorough: true, since })
    // Something new is known of it already: that is worth a try at once, but not again and again, because what a worker
    // does and undoes is news as well.
    if (waiting !== undefined && entry.tries === 1) return
    entry.timer ??= this.#timer(key, entry, ms)
  }

  /** Has a key that waits begin after a pause. */
  #timer(key: string, entry: Entry, ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      entry.timer = undefined
      // Of one that is being worked on this is seen to afterwards.
      if (!entry.running) this.#ready.add(key)
      this.#next()
    }, ms)
  }

  #drop(key: string): void {
    this.#entries.delete(key)
    if (this.#entries.size > 0) return
    this.#idle?.resolve(undefined)
    this.#idle = undefined
  }
}
