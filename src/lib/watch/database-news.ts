import type { Changes } from '../ovs/replica-changes.ts'
import type { PersistRecords } from '../reconcile/persist-records.ts'
import type { WorkQueue } from '../reconcile/queue.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import type { Inbox } from './inbox.ts'
import { bridgesGone, containersOf, linksGone, mayBeOver, networksChanged } from './touched.ts'

/** What hears of changes in the database. */
export interface Listening {
  readonly records: Pick<PersistRecords, 'update'>
  readonly reconciler: Pick<Reconciler, 'refusedFor'>
  readonly queue: Pick<WorkQueue, 'keys'>
  readonly inbox: Pick<Inbox, 'databaseTold'>
}

/**
 * Gives what is to be done at each change in the database: to have those looked at whose ports it is about, and those
 * whom something stood in the way of that may be gone now.
 */
export function databaseNews({ records, reconciler, queue, inbox }: Listening): (changes: Changes) => void {
  return (changes) => {
    const since = performance.now()
    const { bridges } = changes
    if (bridges.length > 0) records.update(bridges.flatMap(({ after }) => after ?? []))
    const ids = new Set([
      ...containersOf(changes),
      ...mayBeOver(changes).flatMap((code) => reconciler.refusedFor(code)),
      // They may have looked for a network just before there was one, and nobody knows yet that they miss it.
      ...(networksChanged(changes) ? queue.keys : []),
    ])
    void linksGone(bridgesGone({ bridges })).then(() => {
      for (const id of ids) inbox.databaseTold(id, { thorough: false, since })
    })
  }
}
