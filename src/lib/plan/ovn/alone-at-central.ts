import { MAKING_CENTRAL, takeInstance } from '../../system/instance.ts'
import type { Prepared } from '../prepared.ts'

/**
 * What `prepare` prepares, while nobody else makes or removes the central of this host, until that is disposed of: a driver does so without the host-wide
 * lock (plugin/auto-central.ts). Errors: AlreadyRunning, LockFailed, those of `prepare`.
 */
export async function aloneAtCentral<T extends object>(prepare: () => Promise<Prepared<T>>): Promise<Prepared<T>> {
  const turn = await takeInstance(MAKING_CENTRAL)
  try {
    const prepared = await prepare()
    return {
      ...prepared,
      [Symbol.dispose]() {
        prepared[Symbol.dispose]?.()
        turn.release()
      },
    }
  } catch (error) {
    turn.release()
    throw error
  }
}
