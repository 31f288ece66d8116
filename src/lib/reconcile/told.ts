import type { Refusal } from './desired.ts'
import type { Report, Who } from './report.ts'

/**
 * What was told of interfaces that cannot be had: each reason is told once, and again when it comes back. Labels may give
 * several reasons against one interface, and some against none in particular (its name is then empty).
 */
export class Told {
  readonly #report: Pick<Report, 'refused' | 'allowed'>
  /** By container and interface: the reasons in words, each with its code. */
  readonly #told = new Map<string, Map<string, ReadonlyMap<string, string>>>()

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
    const before = told.get(iface)
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

  /** The container ended: nothing is wanted of it. */
  drop(id: string): void {
    this.#told.delete(id)
  }
}
