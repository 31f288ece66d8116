import { DatabaseUnreachable } from './client.ts'

/** Hears that a server went, and that it came back; each once. */
export interface PatienceListener {
  lost(error: DatabaseUnreachable): void
  back(): void
}

/** Longest that an answer is waited for, in milliseconds. A server of 10,000 logical ports takes 20 for any question. */
const ANSWER_MS = 2000
/** While it is away, one question in so many milliseconds is really asked. */
const AGAIN_MS = 500

/**
 * What a daemon knows of a server that it can do without for a while: when that does not answer, nobody waits long for it, and of the
 * hundreds who ask next, one is let through at times and all others hear at once what the last one heard.
 */
export class Patience {
  #listener: PatienceListener | undefined
  #error: DatabaseUnreachable | undefined
  #next = 0

  /** Calls the listener from now on. */
  listen(listener: PatienceListener): void {
    this.#listener = listener
  }

  /** Whether it did not answer the last time. */
  get isAway(): boolean {
    return this.#error !== undefined
  }

  /** Asks; `late` makes the error of an answer that does not come. Errors: DatabaseUnreachable, those of `work`. */
  async ask<T>(work: () => Promise<T>, late: (why: string) => DatabaseUnreachable): Promise<T> {
    this.#refuse()
    const { promise, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(late(`no answer within ${String(ANSWER_MS / 1000)} s`))
    }, ANSWER_MS)
    try {
      const answer = await Promise.race([work(), promise])
      this.answered()
      return answer
    } catch (error) {
      if (error instanceof DatabaseUnreachable) this.failed(error)
      // Whoever refuses to answer is there.
      else this.answered()
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #refuse(): void {
    if (this.#error === undefined) return
    const now = performance.now()
    if (now < this.#next) throw this.#error
    this.#next = now + AGAIN_MS
  }

  /** It did not answer. */
  failed(error: DatabaseUnreachable): void {
    const isNews = this.#error === undefined
    this.#error = error
    this.#next = performance.now() + AGAIN_MS
    if (isNews) this.#listener?.lost(error)
  }

  /** It answered. */
  answered(): void {
    if (this.#error === undefined) return
    this.#error = undefined
    this.#listener?.back()
  }
}
