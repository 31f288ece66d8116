import { setTimeout as pause } from 'node:timers/promises'
import { readMarks } from '../attach/marks.ts'
import { linkExists } from '../net/links.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import type { BridgeRow } from '../ovs/rows.ts'

const LOOK_MS = 20
/** ovs-vswitchd takes milliseconds. What is still there then is not a bridge's. */
const LONGEST_MS = 2000

/** Containers whose ports a change in the database is about, by id. */
export function containersOf({ interfaces }: Pick<Changes, 'interfaces'>): readonly string[] {
  const ids = interfaces.flatMap(({ before, after }) =>
    [before, after].flatMap((where) => (where === undefined ? [] : readMarks(where.interface.externalIds).id)),
  )
  // Namespaces that were given by --netns have names.
  return [...new Set(ids)].filter((id) => /^[0-9a-f]{64}$/.test(id))
}

/** Names of bridges that went, and did not come back with the same change. */
export function bridgesGone({ bridges }: Pick<Changes, 'bridges'>): readonly string[] {
  const now = new Set(bridges.map(({ after }) => after?.name))
  return bridges.flatMap(({ before, after }) =>
    before !== undefined && after === undefined && !now.has(before.name) ? [before.name] : [],
  )
}

/** Refusals that may end when somebody's port goes, or what was kept for somebody who has none. */
const TAKEN = ['AddressInUse', 'AttachedByOther', 'InterfaceExists', 'LinkNameTaken', 'NameTaken', 'PoolExhausted']
/** Those that may end when a network is made, removed or put right. */
const OF_NETWORKS = ['BadInput', 'LabelConflict', 'NetworkDamaged', 'NetworkMissing', 'PolicyRefused', 'PoolExhausted']

/** Codes of refusals that may be over after a change in the database. */
export function mayBeOver(changes: Changes): readonly string[] {
  const { interfaces, bridges } = changes
  const isFreed =
    interfaces.some(({ after }) => after === undefined) ||
    bridges.some(({ before, after }) =>
      keysOf(before, 'ovsd_persist.').some((key) => after?.externalIds[key] === undefined),
    )
  return [...(isFreed ? TAKEN : []), ...(networksChanged(changes) ? OF_NETWORKS : [])]
}

/** Whether a network came, went or became another one, or it was learnt which engine it is of. */
export const networksChanged = ({ bridges }: Pick<Changes, 'bridges'>): boolean =>
  bridges.some(({ before, after }) =>
    ['ovsd_net.', 'ovsd_engine.']
      .flatMap((prefix) => [...keysOf(before, prefix), ...keysOf(after, prefix)])
      .some((key) => before?.externalIds[key] !== after?.externalIds[key]),
  )

const keysOf = (row: BridgeRow | undefined, prefix: string): readonly string[] =>
  Object.keys(row?.externalIds ?? {}).filter((key) => key.startsWith(prefix))

/**
 * Waits until the host has no links of these names any more, for two seconds at most. The database tells that a bridge is
 * gone before ovs-vswitchd has heard of it, and until that has taken away the link nobody else can have the name.
 */
export async function linksGone(names: readonly string[]): Promise<void> {
  const end = performance.now() + LONGEST_MS
  while (names.some(linkExists) && performance.now() < end) await pause(LOOK_MS, undefined, { ref: false })
}
