import type { Host } from '../host.ts'
import { ownFolder } from './settings.ts'
import type { Store } from './store.ts'

/**
 * The store, if it is about the networks of this database: the usual one is about those of the host's own. Whoever names a folder
 * knows which database it is for.
 */
export const storeFor = (host: Host, store: Store | undefined): Store | undefined =>
  store !== undefined && (host.isDefaultDatabase || ownFolder(store.settings) !== undefined) ? store : undefined
