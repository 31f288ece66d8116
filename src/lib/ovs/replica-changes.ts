import { isDeepStrictEqual } from 'node:util'
import type { RowChange } from '../ovsdb/table-copy.ts'
import type { PortOnBridge } from './reader.ts'
import type { Copy } from './replica-copy.ts'
import type { BridgeRow } from './rows.ts'

/** What is different between two moments. A row that is new has no `before`, one that went no `after`. */
export interface Changes {
  /** Interfaces whose row, or whose port's row, is different, or that belong to another port or bridge. */
  readonly interfaces: readonly RowChange<PortOnBridge>[]
  /** Bridges whose row is different; not those that only got or lost ports. */
  readonly bridges: readonly RowChange<BridgeRow>[]
}

export const isNothing = ({ interfaces, bridges }: Changes): boolean => interfaces.length + bridges.length === 0

/** Whether rows of one copy are different; there a row that has not changed is the same object. */
export function isChange({ before, after }: RowChange<PortOnBridge>): boolean {
  return (
    before?.interface !== after?.interface || before?.port !== after?.port || before?.bridge.uuid !== after?.bridge.uuid
  )
}

/** What is different between two copies, each made from nothing; `before` may be missing. */
export function differences(before: Copy | undefined, after: Copy): Changes {
  return {
    interfaces: changedRows(before?.placed(), after.placed(), (a, b) => isDeepStrictEqual(essence(a), essence(b))),
    bridges: changedRows(before?.bridges.entries(), after.bridges.entries(), isDeepStrictEqual),
  }
}

/** Without the row of the bridge: a change of that is one of the bridge, not of all of its ports. */
const essence = ({ interface: row, port, bridge }: PortOnBridge): unknown => [row, port, bridge.uuid]

function changedRows<Row>(
  before: Iterable<readonly [string, Row]> = [],
  after: Iterable<readonly [string, Row]>,
  isSame: (a: Row, b: Row) => boolean,
): readonly RowChange<Row>[] {
  const old = new Map(before)
  const now = new Map(after)
  const gone = [...old].filter(([id]) => !now.has(id)).map(([, row]) => ({ before: row, after: undefined }))
  const here = [...now].map(([id, row]) => ({ before: old.get(id), after: row }))
  return [...gone, ...here.filter((change) => change.before === undefined || !isSame(change.before, change.after))]
}
