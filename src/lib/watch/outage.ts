import { firstLine } from '../errors.ts'
import type { Log } from './log.ts'

/** A connection that comes and goes: one line when it is really gone, one when it is back. */
export class Outage {
  readonly #log: Log
  readonly #id: string
  readonly #what: string
  #stumbles = 0
  #reason: string | undefined

  /** `id` begins the names of its events, `what` the sentences about it. */
  constructor(log: Log, id: string, what: string) {
    this.#log = log
    this.#id = id
    this.#what = what
  }

  /** Why it does not work; undefined while it does. */
  get reason(): string | undefined {
    return this.#reason
  }

  /** It ended, and is being opened again: no news, unless that fails too. podman ends when nobody asks it anything. */
  stumbled(error: unknown): void {
    this.#stumbles++
    if (this.#stumbles > 1) this.failed(error)
    else this.#log.debug(`${this.#id}.ended`, `${this.#what} ended the connection: ${firstLine(error)}`)
  }

  /** It does not work. */
  failed(error: unknown): void {
    if (this.#reason !== undefined) return
    this.#reason = firstLine(error)
    this.#log.warn(`${this.#id}.lost`, `${this.#reason} It is tried again until it does; nothing is changed meanwhile.`)
  }

  /** It works. */
  over(): void {
    this.#stumbles = 0
    if (this.#reason === undefined) return
    this.#reason = undefined
    this.#log.info(`${this.#id}.back`, `${this.#what} answers again`)
  }
}
