import type { Refusal } from './desired.ts'
import type { Report, Who } from './report.ts'

/** By interface: the reasons in words, each with its code. */
type Reasons = Map<string, ReadonlyMap<string, string>>

/** Containers that ended of which that is still known. */
const MOST_ENDED = 1000

/**
 * What was told of interfaces that cannot be had: each reason is told once, and again when it comes back. Labels may give
 * several reasons against one interface, and some against none in particular (its name is then empty).
 */
export class Told {
  readonly #report: Pick<Report, 'refused' | 'allowed'>
  /** By container and interface: the reasons in words, each with its code. */
  readonly #told = new Map<string, Reasons>()
  /** The same of containers that ended: in the next life it is no news. Those that ended last come last. */
  readonly #ended = new Map<string, Reasons>()

  constructor(report: Pick<Report, 'refused' | 'allowed'>) {
    this.#report = report
  }

  /** How many interfaces are wanted and cannot be had. */
  get size(): number {
    return [...this.#told.values()].reduce((sum, { size }) => sum + size, 0)
  }

  /** Containers with such an interface. */
  get containers(): Iterable<string> {
    return this.#told.keys()
  }

  /** Whether anything of a container cannot be had. */
  has(id: string): boolean {
    return this.#told.has(id)
  }

  /** Whether this interface of a container cannot be had. */
  about(id: string, iface: string): boolean {
    return this.#told.get(id)?.has(iface) === true
  }

  /** Containers with an interface that cannot be had for this reason. */
  containersWith(code: string): readonly string[] {
    return [...this.#told].flatMap(([id, told]) =>
      [...told.values()].some((reasons) => [...reasons.values()].includes(code)) ? [id] : [],
    )
  }

  /** An interface cannot be had; `refusals` are all the reasons that there are now. */
  refuse(who: Who, iface: string, refusals: readonly Refusal[]): void {
    const told = this.#told.get(who.id) ?? new Map<string, ReadonlyMap<string, string>>()
    this.#told.set(who.id, told)
    const before = told.get(iface) ?? this.#ended.get(who.id)?.get(iface)
    told.set(iface, new Map(refusals.map(({ code, message }) => [`${code}: ${message}`, code])))
    for (const { code, message, next, rule } of refusals)
      if (before?.has(`${code}: ${message}`) !== true)
        this.#report.refused(who, iface, { code, message, next, ...(rule === undefined ? {} : { rule }) })
  }

  /** Interfaces that `stays` does not hold for can be had, or are not wanted any more. */
  keepOnly(who: Who, stays: (iface: string) => boolean): void {
    const told = this.#told.get(who.id)
    for (const iface of told?.keys() ?? []) {
      if (stays(iface)) continue
      told?.delete(iface)
      this.#report.allowed(who, iface)
    }
    if (told?.size === 0) this.#told.delete(who.id)
  }

  /** The container ended, and nothing is wanted of it; `isGone`: for ever. */
  drop(id: string, isGone: boolean): void {
    const told = this.#told.get(id)
    this.#told.delete(id)
    if (isGone) this.#ended.delete(id)
    else if (told !== undefined) this.#ended.set(id, told)
    const [oldest] = this.#ended.keys()
    if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest)
  }
}
