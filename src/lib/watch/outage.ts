import { firstLine } from '../errors.ts'
import type { Log } from './log.ts'

/** A connection that comes and goes: one line when it is really gone, one when it is back. At first it is not there yet. */
export class Outage {
  readonly #log: Log
  readonly #id: string
  readonly #what: string
  readonly #meanwhile: string
  #stumbles = 0
  #reason: string | undefined
  /** Whether it ever took a connection. */
  #wasReached = false
  /** Whether it was said that it is gone. */
  #isTold = false

  /** `id` begins the names of its events, `what` the sentences about it; `meanwhile` says what is done without it. */
  constructor(log: Log, id: string, what: string, meanwhile = 'nothing is changed meanwhile') {
    this.#log = log
    this.#id = id
    this.#what = what
    this.#meanwhile = meanwhile
    this.#reason = `${what} has not answered yet`
  }

  /** Why it does not work; undefined while it does. */
  get reason(): string | undefined {
    return this.#reason
  }

  /**
   * It ended, and is being opened again: no news, unless that fails too, or it was never there. podman ends when nobody asks
   * it anything.
   */
  stumbled(error: unknown): void {
    this.#stumbles++
    if (!this.#wasReached || this.#stumbles > 1) this.failed(error)
    else this.#log.debug(`${this.#id}.ended`, `${this.#what} ended the connection: ${firstLine(error)}`)
  }

  /** It does not work. */
  failed(error: unknown): void {
    if (this.#isTold) return
    this.#isTold = true
    this.#reason = firstLine(error)
    this.#log.warn(`${this.#id}.lost`, `${this.#reason} It is tried again until it does; ${this.#meanwhile}.`)
  }

  /** It took a connection; whether it works will be seen. That this one ends is no news. */
  reached(): void {
    this.#wasReached = true
  }

  /** It works. */
  over(): void {
    const how = this.#wasReached ? 'answers again' : 'answers now'
    this.#stumbles = 0
    this.#wasReached = true
    this.#reason = undefined
    if (!this.#isTold) return
    this.#isTold = false
    this.#log.info(`${this.#id}.back`, `${this.#what} ${how}`)
  }
}
