import type { Runner } from '../system/runner.ts'
import { sharedLook } from '../system/shared-look.ts'

/**
 * A look at the whole host that everybody shares who asks at the same moment with the same runner: each network of a host
 * asks for the same.
 */
export function lookOf<T>(look: (run: Runner) => Promise<T>): (run: Runner) => Promise<T> {
  const shared = new WeakMap<Runner, () => Promise<T>>()
  return (run) => {
    const ask = shared.get(run) ?? sharedLook(() => look(run))
    shared.set(run, ask)
    return ask()
  }
}
