import { crookedMirrors } from '../reconcile/keep-mirrors.ts'
import { incompleteNetworks } from '../reconcile/keep-networks.ts'
import { lostNetworks } from '../reconcile/lost-networks.ts'
import { overdueNetworks } from '../reconcile/take-back-networks.ts'
import { unwantedRulesSeldom } from '../reconcile/stray-rules.ts'
import type { Chore } from '../reconcile/upkeep.ts'

/** What `ovsd watch` looks after beside containers, in this order. */
export const CHORES: readonly Chore[] = [
  overdueNetworks,
  lostNetworks,
  incompleteNetworks,
  unwantedRulesSeldom,
  crookedMirrors,
]
