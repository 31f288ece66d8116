import { keptNetworks } from './collect.ts'
import { KINDS } from './names.ts'
import type { Store } from './store.ts'

/**
 * For who goes on for long: with `strict` a store that cannot be used as a whole is found at the start, and not by the first who needs it.
 * With the other modes nothing is read. Errors: StateDamaged, StateUnsafe, StateUnreadable.
 */
export async function requireWhole(store: Store): Promise<void> {
  if (store.settings.recovery !== 'strict') return
  for (const kind of KINDS) await store.all(kind)
  // What is whole as a file may be no network.
  await keptNetworks(store)
}
