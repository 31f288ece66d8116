import { stateSettings } from './lib/state/settings.ts'
import { Store } from './lib/state/store.ts'

/** The store that a command line names; `warn` is told of files that cannot be used. Error: BadInput. */
export const storeOf = (flags: { readonly 'state-dir'?: string | undefined }, warn: (message: string) => void): Store =>
  new Store(stateSettings(flags['state-dir'], process.env), warn)
