import type { Chore } from './upkeep.ts'

/** A little less than the minute between two resyncs, so that none of them is missed by a hair. */
const PAUSE_MS = 50_000

/** A chore that looks once in so many milliseconds, however often upkeep is asked to; again at once when it found something. */
export function seldom(chore: Chore, pauseMs = PAUSE_MS): Chore {
  let next = -Infinity
  return async (host, signal) => {
    const now = performance.now()
    if (now < next) return []
    next = now + pauseMs
    const dues = await chore(host, signal)
    if (dues.length > 0) next = -Infinity
    return dues
  }
}
