// What the driver was called for since it was started: counted here, shown by `ovsd plugin state`.
import { shortId } from '../docker/container.ts'
import type { Fields } from './fields.ts'

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

/** Whom a call is about: the first 12 digits of the ids that it names. */
export interface About {
  readonly network?: string | undefined
  readonly endpoint?: string | undefined
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

/** The ids that a call names, as far as they are some. */
export function aboutOf({ NetworkID, EndpointID }: Fields): About {
  return { network: idOf(NetworkID), endpoint: idOf(EndpointID) }
}

const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[0-9a-f]{12,}$/.test(value) ? shortId(value) : undefined

/** Characters of a call that are told: what people type is shorter, and a log is no place for a megabyte. */
const MOST_CHARACTERS = 600

/** What was asked, for the log: the body without the ids, and without what Docker only says to have said it; '' for nothing. */
export function gistOf(body: Fields): string {
  const rest = Object.entries(body).filter(([key]) => key !== 'NetworkID' && key !== 'EndpointID')
  const said = withoutEmpty(Object.fromEntries(rest))
  if (said === undefined) return ''
  const text = JSON.stringify(said)
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
}

/** Docker's own calls are four deep (addresses that are kept); a body of brackets alone would be too deep for the stack. */
const MOST_DEEP = 8

function withoutEmpty(value: unknown, deep = 0): unknown {
  if (value === null || value === '') return undefined
  if (typeof value !== 'object') return value
  if (deep === MOST_DEEP) return '…'
  const entries = Object.entries(value)
    .map(([key, one]) => [key, withoutEmpty(one, deep + 1)] as const)
    .filter(([, one]) => one !== undefined)
  if (entries.length === 0) return undefined
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
}
