import { crookedMirrors } from '../reconcile/keep-mirrors.ts'
import { logicalPorts, ofEndpoints } from '../reconcile/keep-logical-ports.ts'
import { incompleteNetworks } from '../reconcile/keep-networks.ts'
import { lostNetworksIn } from '../reconcile/lost-networks.ts'
import { overdueNetworksIn } from '../reconcile/take-back-networks.ts'
import { unwantedRulesSeldom } from '../reconcile/stray-rules.ts'
import type { PersistRecords } from '../reconcile/persist-records.ts'
import type { Chore } from '../reconcile/upkeep.ts'
import type { Store } from '../state/store.ts'

/** What is looked after beside containers, each list in its order. */
export interface Chores {
  /** Networks as such. Looking at them starts processes. */
  readonly networks: readonly Chore[]
  /** What depends on the ports in them. Looking at it starts none. */
  readonly ports: readonly Chore[]
}

export interface ChoresOptions {
  /** Left out: the one that the environment names. */
  readonly store?: Store | undefined
  readonly records: PersistRecords
  /** There will be no other look. */
  readonly once: boolean
  /** Of what lives beside `watch`. */
  readonly more?: Chores | undefined
}

const NONE: Chores = { networks: [], ports: [] }

/** What `ovsd watch` looks after. */
export const choresOf = ({ store, records, once, more = NONE }: ChoresOptions): Chores => ({
  networks: [
    overdueNetworksIn(store),
    ...more.networks,
    lostNetworksIn(store),
    incompleteNetworks,
    unwantedRulesSeldom,
  ],
  ports: [...more.ports, ...logicalPorts(records, once), crookedMirrors],
})

/** What is looked after where Docker is served and there is no `watch`. */
export const choresWithoutWatch = (store: Store, more: Chores): Chores => ({
  networks: [...more.networks, lostNetworksIn(store), incompleteNetworks],
  // Nobody else's logical ports: only `watch` remembers containers that come back to networks on OVN.
  ports: [...more.ports, ...logicalPorts({ all: () => [] }, false, ofEndpoints), crookedMirrors],
})
