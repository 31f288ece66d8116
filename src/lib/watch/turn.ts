/** Every container gets a thorough look, inside and all, once in so many looks at everything. */
const ROUNDS = 60

/** The keys whose turn it is in this round (from 0): none in the first one, which is there to be quick. */
export function turnOf(keys: Iterable<string>, round: number): ReadonlySet<string> {
  const all = [...keys].sort()
  const share = Math.ceil(all.length / ROUNDS)
  return new Set(round === 0 ? [] : all.slice((round % ROUNDS) * share).slice(0, share))
}
