// Rows as they are to be, beside those that are there: what is missing of them, and the changes that make it so. Their UUIDs
// follow from what they are for, so no two hosts can ever make one twice: the server refuses the second (RFC 7047, 5.2.1).
import { fnv1a64 } from '../../net/hash.ts'
import type { Operation, RawRow } from '../../ovsdb/client.ts'
import { setOf, uuidOf, type Json } from '../../ovsdb/values.ts'
import type { OvnDatabase } from '../database.ts'
import { expectSome, insert, isRow, mutate, references, update, type Change, type Row } from '../../ovsdb/operations.ts'

/** A column of a row that refers to others. */
export interface Place {
  readonly table: string
  readonly uuid: string
  readonly column: string
}

/** A row that is to be there. */
export interface WantedRow {
  readonly table: string
  readonly uuid: string
  readonly row: Row
  /** Where it is referred to: rows of most tables live only as long as another one does so. */
  readonly parent?: Place
  /** Once it is there, its columns are not compared: others may have changed them. */
  readonly once?: boolean
}

/** Rows that were read, by their UUIDs. */
export type FoundRows = ReadonlyMap<string, RawRow>

/** The UUID of what these words name; the same on every host. Its form is that of RFC 9562, version 8. */
export function derivedUuid(...words: readonly string[]): string {
  const text = words.join('/')
  const hex = `${fnv1a64(`uuid/${text}`)}${fnv1a64(`${text}/uuid`)}`
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20)].join('-')
}

/** What reads the rows that are wanted, one each. */
export const selectWanted = (wanted: readonly WantedRow[]): readonly Operation[] =>
  wanted.map(({ table, uuid, row }) => ({ table, where: isRow(uuid), columns: ['_uuid', ...Object.keys(row)] }))

/** Those of the wanted rows that are there. Errors: DatabaseUnreachable, DatabaseRefused. */
export async function findWanted(database: OvnDatabase, wanted: readonly WantedRow[]): Promise<FoundRows> {
  return byUuid(await database.select(selectWanted(wanted)))
}

export const byUuid = (answers: readonly (readonly RawRow[])[]): FoundRows =>
  new Map(answers.flat().map((row) => [uuidOf(row['_uuid']), row]))

/** Those of the wanted rows that are missing or otherwise. */
export const lacking = (wanted: readonly WantedRow[], found: FoundRows): readonly WantedRow[] =>
  wanted.filter(({ uuid, row, once }) => {
    const is = found.get(uuid)
    return is === undefined || (once !== true && !has(is, row))
  })

const has = (is: RawRow, row: Row): boolean =>
  Object.entries(row).every(([column, value]) => canonical(is[column]) === canonical(value))

/** The same text for the same value, in whatever order a set or a map was written. */
function canonical(value: Json | undefined): string {
  const pairs = Array.isArray(value) && value[0] === 'map' ? (value[1] as readonly Json[]) : undefined
  const parts = pairs ?? setOf(value)
  return parts
    .map((part) => JSON.stringify(part))
    .sort()
    .join()
}

/** Changes that make these rows as they are to be; they fail, as a Conflict, when what is to refer to them is gone. */
export function makeRows(wanted: readonly WantedRow[], found: FoundRows): readonly Change[] {
  const made = lacking(wanted, found)
  const missing = made.filter(({ uuid }) => !found.has(uuid))
  const own = new Set(missing.map(({ uuid }) => uuid))
  const places = Map.groupBy(
    missing.filter(({ parent }) => parent !== undefined),
    ({ parent }) => `${parent?.uuid ?? ''} ${parent?.column ?? ''}`,
  )
  const referring = [...places.values()].flatMap((rows): readonly Change[] => {
    const parent = rows[0]?.parent
    if (parent === undefined) return []
    const { table, uuid, column } = parent
    return [
      // A row that is gone takes no reference, and nobody would be told.
      ...(own.has(uuid) ? [] : [expectSome(table, isRow(uuid))]),
      mutate(table, isRow(uuid), [column, 'insert', references(rows.map((row) => row.uuid))]),
    ]
  })
  return [
    ...made.map(({ table, uuid, row }) =>
      found.has(uuid) ? update(table, isRow(uuid), row) : insert(table, uuid, row),
    ),
    ...referring,
  ]
}

/** Changes that take rows away which live by being referred to from anywhere in a column. */
export const dropRows = (table: string, column: string, uuids: readonly string[]): readonly Change[] =>
  uuids.length === 0 ? [] : [mutate(table, [], [column, 'delete', references(uuids)])]
