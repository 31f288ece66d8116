/** Finds UUIDs of rows by a key that some of them have. Most keys belong to one row, and take no set of their own. */
export class Index<Key> {
  readonly #ids = new Map<Key, string | Set<string>>()

  add(key: Key, id: string): void {
    const found = this.#ids.get(key)
    if (found === undefined || found === id) this.#ids.set(key, id)
    else if (typeof found === 'string') this.#ids.set(key, new Set([found, id]))
    else found.add(id)
  }

  delete(key: Key, id: string): void {
    const found = this.#ids.get(key)
    if (found === id) this.#ids.delete(key)
    else if (found instanceof Set && found.delete(id) && found.size === 0) this.#ids.delete(key)
  }

  /** The rows of a key. */
  of(key: Key): ReadonlySet<string> | readonly string[] {
    const found = this.#ids.get(key)
    return found === undefined ? [] : typeof found === 'string' ? [found] : found
  }

  /** One of the rows of a key. */
  first(key: Key): string | undefined {
    const [id] = this.of(key)
    return id
  }

  /** Number of rows of a key. */
  count(key: Key): number {
    const found = this.#ids.get(key)
    return found instanceof Set ? found.size : found === undefined ? 0 : 1
  }
}

/**
 * A number for a pair of external_ids (FNV-1a, 32 bits). Different pairs may share one, so whoever finds rows by it looks
 * at the pairs themselves. The pairs as keys would take as much memory as the rows: marks are long, and each row has ten.
 */
export function pairKey(name: string, value: string): number {
  return hash(value, Math.imul(hash(name, 0x811c9dc5) ^ 0x3d, 0x01000193))
}

function hash(text: string, seed: number): number {
  let sum = seed
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193)
  return sum
}
