import { isOverdue } from '../network/pending.ts'
import { takeBack, unconfirmed } from '../plan/take-back.ts'
import { ownStore } from '../state/own-store.ts'
import type { Store } from '../state/store.ts'
import type { Chore } from './upkeep.ts'

/** Networks whose time to be confirmed is over while their watchdogs are gone: after a reboot, or because one was killed. */
export const overdueNetworksIn =
  (store?: Store): Chore =>
  async (host) => {
    // What waits in another database has its watchdog, and its time, on another host.
    if (!host.isDefaultDatabase) return []
    return (await unconfirmed(host))
      .filter(({ pending }) => isOverdue(pending))
      .map(({ name, id }) => ({
        ...{ about: `network ${name}`, why: ['nobody confirmed it in time'] },
        plan: async () => (await takeBack(host, name, id, store ?? ownStore())).plan,
      }))
  }

/** By the store that the environment names. */
export const overdueNetworks: Chore = overdueNetworksIn()
