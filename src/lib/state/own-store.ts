import { stateSettings } from './settings.ts'
import { Store } from './store.ts'

/** The store that the environment names, for who has nobody to warn of files that cannot be used. Error: BadInput. */
export const ownStore = (): Store => new Store(stateSettings(undefined, process.env), () => undefined)
