/**
 * What plans under way are about to take: addresses, MACs, names of bridges that have to be created. The host-wide lock
 * keeps other processes out; this keeps the workers of one process from taking the same thing side by side, when neither
 * sees it in the database yet.
 */
export class Claims {
  readonly #ends = new Map<string, Promise<undefined>>()

  /** How many keys somebody holds or waits for. */
  get size(): number {
    return this.#ends.size
  }

  /** Whether somebody holds a key or waits for it. */
  holds(key: string): boolean {
    return this.#ends.has(key)
  }

  /** Waits until nobody else holds any of the keys. Held until disposed. */
  async take(keys: Iterable<string>): Promise<Disposable> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    // All at once, and before anything is waited for: so two that want the same keys can never each hold one of them.
    const mine = [...new Set(keys)]
    const before = Promise.all(mine.map(async (key) => this.#ends.get(key)))
    for (const key of mine) this.#ends.set(key, promise)
    await before
    return {
      [Symbol.dispose]: () => {
        resolve(undefined)
        for (const key of mine) if (this.#ends.get(key) === promise) this.#ends.delete(key)
      },
    }
  }
}
