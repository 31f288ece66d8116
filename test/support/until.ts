import { setTimeout as pause } from 'node:timers/promises'

/**
 * Waits until something is so, and gives how many milliseconds that took; throws when it does not come about. Most looks start a
 * process: the time between two is at least three times that of a look, so that waiting leaves the processor to what is waited for.
 * `closely`: 20 ms, for looks that must not miss what is there for a moment only.
 */
export async function until(
  isSo: () => boolean,
  what: string,
  limitSeconds = 10,
  { closely = false } = {},
): Promise<number> {
  const start = performance.now()
  for (;;) {
    const looked = performance.now()
    if (isSo()) return performance.now() - start
    const now = performance.now()
    if (now - start > limitSeconds * 1000) throw new Error(`waited ${limitSeconds} s for ${what}`)
    await pause(closely ? 20 : Math.max(20, Math.min(500, 3 * (now - looked))))
  }
}
