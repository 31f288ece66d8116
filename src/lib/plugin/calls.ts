// What the driver was called for since it was started: counted here, shown by `ovsd plugin state`.
import type { About } from './call-words.ts'

/** What became of the calls of one method; times in milliseconds. */
export interface MethodCalls {
  readonly method: string
  readonly count: number
  readonly failed: number
  readonly lastMs: number
  readonly slowestMs: number
  /** When the last one was answered (ISO 8601, UTC). */
  readonly lastAt: string
}

/** A call that is at work; its answer may have been given before it ends, when it took too long. */
export interface CallInFlight {
  readonly method: string
  /** The first 12 digits of the ids; null when the call names none. */
  readonly network: string | null
  readonly endpoint: string | null
  readonly ms: number
}

/** What names no method: there may be any number of such words, and they are counted as one. */
export const NO_METHOD = 'unknown'

interface UnderWay extends About {
  readonly method: string
  readonly since: number
}

/** Counts calls by their methods, and knows those that are under way. */
export class Calls {
  readonly #methods = new Map<string, MethodCalls>()
  readonly #underWay = new Set<UnderWay>()

  /** A call is under way until what this gives is disposed of; it came at `since` (performance.now()). */
  begin(method: string, about: About, since: number): Disposable {
    const one = { method, since, ...about }
    this.#underWay.add(one)
    return { [Symbol.dispose]: () => void this.#underWay.delete(one) }
  }

  /** A call was answered after this many milliseconds. */
  answered(method: string, ms: number, failed: boolean): void {
    const before = this.#methods.get(method)
    this.#methods.set(method, {
      method,
      count: (before?.count ?? 0) + 1,
      failed: (before?.failed ?? 0) + (failed ? 1 : 0),
      ...{ lastMs: ms, slowestMs: Math.max(ms, before?.slowestMs ?? 0), lastAt: new Date().toISOString() },
    })
  }

  /** By the names of the methods. */
  get methods(): readonly MethodCalls[] {
    return [...this.#methods.values()].sort((a, b) => (a.method < b.method ? -1 : 1))
  }

  /** The oldest first. */
  get inFlight(): readonly CallInFlight[] {
    const now = performance.now()
    return [...this.#underWay].map(({ method, network, endpoint, since }) => ({
      ...{ method, network: network ?? null, endpoint: endpoint ?? null, ms: Math.round(now - since) },
    }))
  }
}
