import { readPersistRecords } from '../attach/persist.ts'
import type { Host } from '../host.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import type { Json } from './canonical.ts'
import { compareNetworks } from './compare.ts'
import type { KeptAttachment, StateDocument } from './document.ts'
import { networksOnRows, readKept, stateNameOf, type KeptNetwork } from './kept-network.ts'
import { unusable } from './problems.ts'
import type { Store } from './store.ts'

/** The copies of networks that the store has, as far as they can be used. Errors: those of Store.all. */
export async function keptNetworks(store: Store): Promise<readonly KeptNetwork[]> {
  return (await store.all('networks')).flatMap((entry) => {
    const kept = readKept(entry.id, entry.content)
    if (typeof kept === 'object') return kept
    const path = store.pathOf(stateNameOf(entry))
    if (store.settings.recovery === 'strict') throw unusable(path, kept)
    store.warn(`${path} is left out: ${kept}.`)
    return []
  })
}

/** The records of persistent attachments on the rows of bridges; damaged ones are left out. */
export const attachmentsOnRows = (rows: readonly BridgeRow[]): readonly KeptAttachment[] =>
  rows.flatMap(({ name, externalIds }) =>
    readPersistRecords(externalIds).map(({ key }) => ({
      ...{ bridge: name, key },
      record: JSON.parse(externalIds[key] ?? 'null') as Json,
    })),
  )

/**
 * Everything of the database and of the store. Of a network that both have, what the database says. Errors: those of the
 * database, and of Store.all.
 */
export async function collectState(host: Host, store: Store): Promise<StateDocument> {
  const rows = await host.ovs.bridges()
  const compared = compareNetworks(await keptNetworks(store), networksOnRows(rows))
  const networks = compared.flatMap(({ standing, kept, recorded }): readonly KeptNetwork[] => {
    switch (standing) {
      case 'ok':
      case 'differs':
      case 'unkept':
        return recorded?.kept === undefined ? [] : [recorded.kept]
      case 'missing':
      case 'unusable':
        return kept === undefined ? [] : [kept]
      case 'replaced':
        return []
    }
  })
  const entries = (await Promise.all((['endpoints', 'ipam', 'ovn'] as const).map((kind) => store.all(kind)))).flat()
  return { networks, attachments: attachmentsOnRows(rows), entries }
}
