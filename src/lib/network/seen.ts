import type { BridgeRow } from '../ovs/rows.ts'
import { readNetworks, type RecordedNetwork } from './record.ts'

type Ids = BridgeRow['externalIds']

/** A row of a replica stays the same object until it changes. */
const seen = new WeakMap<Ids, readonly RecordedNetwork[]>()

/** The networks that a bridge has records of, read once for each state of it: hundreds may ask at one moment. */
export function networksOn(row: BridgeRow): readonly RecordedNetwork[] {
  const found = seen.get(row.externalIds) ?? readNetworks(row)
  seen.set(row.externalIds, found)
  return found
}
