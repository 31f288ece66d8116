import { setTimeout as pause } from 'node:timers/promises'
import { OvsdError } from '../errors.ts'

/** A batch for thirty containers takes a fifth of a second. */
const SETTLE_MS = 500
const NAMES = ['InterfaceExists', 'LinkNameTaken']

/**
 * Does `work`, and once more after a moment when a name is taken that nobody may have then: of a daemon that was killed the
 * tools live on, and what they still create or remove looks like somebody else's when it is met half-way.
 */
export async function pastLeftovers(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof OvsdError) || !NAMES.includes(error.code)) throw error
    await pause(SETTLE_MS)
    await work()
  }
}
