import { turnOf } from './turn.ts'

/** What one look at everything is about. */
export interface Found {
  /** Containers of the host that are worth a look: true, when thoroughly. */
  readonly keys: ReadonlyMap<string, boolean>
  /** Containers that records keep addresses for. */
  readonly kept: readonly string[]
  /** Containers of which something is remembered. */
  readonly remembered: Iterable<string>
}

/** Counts the looks at everything, and gives each container a thorough one in its turn. */
export class Rounds {
  #round = 0
  #distrustful = false

  /** The next look is to take nothing for right because it was so before. */
  distrust(): void {
    this.#distrustful = true
  }

  /** The containers to be looked at in this round: true, when thoroughly. */
  next({ keys, kept, remembered }: Found): ReadonlyMap<string, boolean> {
    const round = this.#round++
    const all = this.#distrustful
    this.#distrustful = false
    const turn = turnOf(keys.keys(), round)
    // Addresses may be kept for containers that were removed while nobody looked; in the first round for many.
    const unseen = kept.filter((id) => !keys.has(id))
    const due = round === 0 ? unseen : turnOf(unseen, round)
    return new Map<string, boolean>([
      // Some may have ended while nobody was told of it.
      ...[...due, ...remembered].map((id) => [id, all] as const),
      ...[...keys].map(([id, isSuspect]) => [id, all || isSuspect || turn.has(id)] as const),
    ])
  }
}
