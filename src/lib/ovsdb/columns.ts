import type { Json } from './values.ts'

/** What must be known of a column to follow its changes. */
export interface Column {
  /** How a change is written: the new value, or what differs between two sets or two maps (ovsdb-server(7), 4.1.14). */
  readonly kind: 'single' | 'set' | 'map'
  /** The default of its type, RFC 7047 section 5.2.1; a row that has it comes without the column. */
  readonly initial: Json
}
export type Columns = Readonly<Record<string, Column>>

/** RFC 7047, section 3.2, as far as it is used here. */
interface ColumnType {
  readonly key: string | { readonly type: string }
  readonly value?: Json
  readonly min?: number
  readonly max?: number | 'unlimited'
}
interface Schema {
  readonly tables?: Readonly<Record<string, { readonly columns?: Readonly<Record<string, { readonly type: Json }>> }>>
}

const ATOMS: Readonly<Record<string, Json>> = {
  integer: 0,
  real: 0,
  boolean: false,
  string: '',
  uuid: ['uuid', '00000000-0000-0000-0000-000000000000'],
}

/** Columns of a table, by the schema that `get_schema` gave. A column that the schema does not have is a single null. */
export function columnsOf(schema: Json, table: string, names: readonly string[]): Columns {
  const all = (schema as Schema).tables?.[table]?.columns ?? {}
  return Object.fromEntries(names.map((name) => [name, columnOf(all[name]?.type ?? null)]))
}

function columnOf(type: Json): Column {
  if (type === null || typeof type === 'string') return { kind: 'single', initial: ATOMS[type ?? ''] ?? null }
  const { key, value, min = 1, max = 1 } = type as unknown as ColumnType
  const form = value === undefined ? 'set' : 'map'
  const atom = ATOMS[typeof key === 'string' ? key : key.type] ?? null
  return {
    kind: max === 'unlimited' || max > 1 ? form : 'single',
    initial: min === 0 || form === 'map' || max !== 1 ? [form, []] : atom,
  }
}
