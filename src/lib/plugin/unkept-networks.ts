import type { Host } from '../host.ts'
import { networkKept } from '../plan/steps/state-write.ts'
import type { Chore } from '../reconcile/upkeep.ts'
import { keptNetworks } from '../state/collect.ts'
import { compareNetworks } from '../state/compare.ts'
import { networksOnRows, stateNameOf, wordsOf, type KeptNetwork } from '../state/kept-network.ts'
import type { Store } from '../state/store.ts'

/**
 * Networks of Docker that the store has no copy of, as its folder was deleted or brought back from an older one, or a copy without what
 * Docker calls them, which is learnt later. Without a copy the network would be lost with the database, and Docker never says again what it
 * was; without that, one that Docker has removed would come back for ever. Errors: DatabaseUnreachable, those of Store.all.
 */
export const unkeptNetworks =
  (store: Store): Chore =>
  async (host) => {
    // The store is about the networks of the host's own database.
    if (!host.isDefaultDatabase) return []
    return (await unkept(host, store)).map(({ id, name, title = name, why, isRoutine }) => ({
      ...{ about: `network ${title}`, why: [why], isRoutine },
      async plan() {
        // Somebody may have been making it when it was looked at.
        const found = (await unkept(host, store)).find((one) => one.id === id)
        if (found === undefined) return undefined
        const step = networkKept(store, { ...wordsOf(found), id }, found)
        // A store that is not to be read always seems to have none.
        if (await step.isDone(new AbortController().signal)) return undefined
        return { onFailure: 'unwind', title: `Keep a copy of the network ${name}`, stages: [[step]] }
      },
    }))
  }

type Unkept = KeptNetwork & { readonly why: string; readonly isRoutine: boolean }

async function unkept(host: Host, store: Store): Promise<readonly Unkept[]> {
  const compared = compareNetworks(await keptNetworks(store), networksOnRows(await host.ovs.bridges()))
  const due = compared.flatMap(({ standing, kept, recorded }): readonly Unkept[] => {
    const now = recorded?.kept
    if (now?.words['owner'] !== 'plugin') return []
    if (standing === 'unkept') return [{ ...now, why: 'the store had no copy of it', isRoutine: false }]
    const isNews = now.engine !== undefined && (now.engine !== kept?.engine || now.title !== kept.title)
    return standing === 'ok' && isNews
      ? [{ ...now, why: 'its copy in the store did not say what Docker calls it', isRoutine: true }]
      : []
  })
  const mayBe = await Promise.all(due.map((one) => mayBeWritten(store, one)))
  return due.filter((_, at) => mayBe[at])
}

/** With `skip` a file that cannot be used stays where it is, and nothing is written in its place. */
const mayBeWritten = async (store: Store, one: KeptNetwork): Promise<boolean> =>
  store.settings.recovery !== 'skip' || ['ok', 'missing'].includes((await store.look(stateNameOf(one))).state)
