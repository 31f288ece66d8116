import type { Host } from '../host.ts'
import { networkKept } from '../plan/steps/state-write.ts'
import type { Chore } from '../reconcile/upkeep.ts'
import { keptNetworks } from '../state/collect.ts'
import { compareNetworks } from '../state/compare.ts'
import { networksOnRows, wordsOf, type KeptNetwork } from '../state/kept-network.ts'
import type { Store } from '../state/store.ts'

/**
 * Networks of Docker that the store has no copy of: its folder was deleted, or brought back from an older one. Without a copy the network
 * would be lost with the database, and Docker never says again what it was. Errors: DatabaseUnreachable, those of Store.all.
 */
export const unkeptNetworks =
  (store: Store): Chore =>
  async (host) => {
    // The store is about the networks of the host's own database.
    if (!host.isDefaultDatabase) return []
    return (await unkept(host, store)).map(({ id, name }) => ({
      ...{ about: `network ${name}`, why: ['the store had no copy of it'] },
      async plan() {
        // Somebody may have been making it when it was looked at.
        const found = (await unkept(host, store)).find((one) => one.id === id)
        if (found === undefined) return undefined
        const step = networkKept(store, { ...wordsOf(found), id })
        // A store that is not to be read always seems to have none.
        if (await step.isDone(new AbortController().signal)) return undefined
        return { onFailure: 'unwind', title: `Keep a copy of the network ${name}`, stages: [[step]] }
      },
    }))
  }

async function unkept(host: Host, store: Store): Promise<readonly KeptNetwork[]> {
  const compared = compareNetworks(await keptNetworks(store), networksOnRows(await host.ovs.bridges()))
  return compared.flatMap(({ standing, recorded }) =>
    standing === 'unkept' && recorded?.kept?.words['owner'] === 'plugin' ? [recorded.kept] : [],
  )
}
