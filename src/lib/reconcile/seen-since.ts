/** Since when things are seen, look after look: what is under way looks the same as what was left behind, and only time tells. */
export class SeenSince {
  readonly #now: () => number
  #since: ReadonlyMap<string, number> = new Map()
  #lookedAt = -Infinity

  /** `now` tells the time in milliseconds, from whenever. */
  constructor(now = (): number => performance.now()) {
    this.#now = now
  }

  /** What is seen now; what is not seen is forgotten. */
  look(names: readonly string[]): void {
    const before = this.#since
    const now = this.#now()
    this.#lookedAt = now
    this.#since = new Map(names.map((name) => [name, before.get(name) ?? now]))
  }

  /** Whether something was seen at the last look and at all before it, the first of which was `ms` earlier or more: at two looks at least. */
  isFor(name: string, ms: number): boolean {
    const since = this.#since.get(name) ?? this.#lookedAt
    return since !== this.#lookedAt && this.#lookedAt - since >= ms
  }
}
