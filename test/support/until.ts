import { setTimeout as pause } from 'node:timers/promises'

/** Waits until something is so, and gives how many milliseconds that took; throws when it does not come about. */
export async function until(isSo: () => boolean, what: string, limitSeconds = 10): Promise<number> {
  const start = performance.now()
  while (!isSo()) {
    if (performance.now() - start > limitSeconds * 1000) throw new Error(`waited ${limitSeconds} s for ${what}`)
    await pause(20)
  }
  return performance.now() - start
}
