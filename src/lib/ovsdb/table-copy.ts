import type { RawRow } from './client.ts'
import type { Columns } from './columns.ts'
import { withDifference } from './difference.ts'
import { uuid, type Json } from './values.ts'

/** What an answer to `monitor_cond` or an `update2` notification says about one row (ovsdb-server(7), 4.1.14). */
export interface RowUpdate {
  readonly initial?: RawRow
  readonly insert?: RawRow
  readonly modify?: RawRow
  readonly delete?: null
}

/** Updates of a table by the UUIDs of their rows. */
export type TableUpdate = Readonly<Record<string, RowUpdate>>

/** A row as it was and as it is; undefined before it was there and after it went. */
export interface RowChange<Row> {
  readonly before: Row | undefined
  readonly after: Row | undefined
}

interface Entry<Row> {
  readonly row: Row
  /** The row as the server wrote it: a change of it says only what differs. As text it takes a third of the memory. */
  readonly text: string
}

/** The decoded rows of one table, kept up to date by what the server says about them. */
export class TableCopy<Row> {
  readonly #columns: Columns
  readonly #decode: (row: RawRow) => Row
  readonly #initial: RawRow
  readonly #entries = new Map<string, Entry<Row>>()

  /** `decode` gets rows with all of the columns and `_uuid`, as a `select` gives them. Other columns are ignored. */
  constructor(columns: Columns, decode: (row: RawRow) => Row) {
    this.#columns = columns
    this.#decode = decode
    this.#initial = Object.fromEntries(Object.entries(columns).map(([name, { initial }]) => [name, initial]))
  }

  get(id: string): Row | undefined {
    return this.#entries.get(id)?.row
  }

  ids(): MapIterator<string> {
    return this.#entries.keys()
  }

  *entries(): Generator<readonly [string, Row]> {
    for (const [id, { row }] of this.#entries) yield [id, row]
  }

  /** Carries out an update of a row. A row that is the same afterwards is the same object. */
  apply(id: string, update: RowUpdate): RowChange<Row> {
    const old = this.#entries.get(id)
    const raw = this.#known(update.initial ?? update.insert ?? update.modify ?? {})
    if (update.delete !== undefined) this.#entries.delete(id)
    else if (update.modify === undefined) this.#set(id, raw)
    else if (Object.keys(raw).length > 0) this.#set(id, this.#modified(old, raw))
    return { before: old?.row, after: this.get(id) }
  }

  #known(raw: RawRow): RawRow {
    return Object.fromEntries(Object.entries(raw).filter(([name]) => name in this.#columns))
  }

  #modified(old: Entry<Row> | undefined, differences: RawRow): RawRow {
    const raw = JSON.parse(old?.text ?? '{}') as Record<string, Json>
    for (const [name, difference] of Object.entries(differences)) {
      const column = this.#columns[name]
      if (column !== undefined) raw[name] = withDifference(column.kind, raw[name] ?? column.initial, difference)
    }
    return raw
  }

  #set(id: string, raw: RawRow): void {
    const row = this.#decode({ ...this.#initial, ...raw, _uuid: uuid(id) })
    this.#entries.set(id, { row, text: JSON.stringify(raw) })
  }
}
