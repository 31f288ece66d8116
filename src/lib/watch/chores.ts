import { crookedMirrors } from '../reconcile/keep-mirrors.ts'
import { logicalPorts } from '../reconcile/keep-logical-ports.ts'
import { incompleteNetworks } from '../reconcile/keep-networks.ts'
import { lostNetworks } from '../reconcile/lost-networks.ts'
import { overdueNetworks } from '../reconcile/take-back-networks.ts'
import { unwantedRulesSeldom } from '../reconcile/stray-rules.ts'
import type { PersistRecords } from '../reconcile/persist-records.ts'
import type { Chore } from '../reconcile/upkeep.ts'

/** What `ovsd watch` looks after beside containers, in this order. `once`: there will be no other look. */
export const choresOf = (records: PersistRecords, once: boolean): readonly Chore[] => [
  overdueNetworks,
  lostNetworks,
  incompleteNetworks,
  ...logicalPorts(records, once),
  unwantedRulesSeldom,
  crookedMirrors,
]
