import { networksOf } from '../network/networks.ts'
import { importState } from '../plan/import-state.ts'
import { keptNetworks } from '../state/collect.ts'
import { ownStore } from '../state/own-store.ts'
import type { Store } from '../state/store.ts'
import type { Chore } from './upkeep.ts'

/**
 * Networks that the database has lost, because it was emptied or their bridge was deleted: what `net rm` removes has no copy
 * in the store any more. Without `given` it is the store that the environment names. Errors: BadInput, those of the store,
 * ImportConflict, DatabaseUnreachable.
 */
export const lostNetworksIn =
  (given?: Store): Chore =>
  async (host) => {
    // The store is about the networks of the host's own database.
    if (!host.isDefaultDatabase) return []
    const store = given ?? ownStore()
    const look = async (): Promise<{ readonly lost: readonly string[]; readonly names: readonly string[] }> => {
      const [copies, all] = await Promise.all([keptNetworks(store), networksOf(host)])
      const names = copies.map(({ name }) => name)
      // Of two with one name nobody knows which is meant: state check tells of them.
      const isOne = (name: string): boolean => names.indexOf(name) === names.lastIndexOf(name)
      return { names, lost: names.filter((name) => isOne(name) && !all.some((one) => one.name === name)) }
    }
    // Each for itself: one whose place another network has taken meanwhile keeps nobody else from coming back.
    return (await look()).lost.map((name) => ({
      about: `network ${name}`,
      why: ['put back from the store: the database had lost it'],
      async plan() {
        // Somebody may have been removing or making it when it was looked at.
        const { lost, names } = await look()
        if (!lost.includes(name)) return undefined
        const others = names.filter((one) => one !== name)
        return (await importState(host, store, undefined, others)).plan
      },
    }))
  }

/** By the store that the environment names. */
export const lostNetworks: Chore = lostNetworksIn()
