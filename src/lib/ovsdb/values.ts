// RFC 7047, section 5.1: a set of exactly one element is written as that element, other sets as ["set",[…]], maps as
// ["map",[[k,v]…]], references as ["uuid","…"].

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The elements of a column that holds a set, an optional value or one value. */
export function setOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return []
  if (Array.isArray(value) && value[0] === 'set' && Array.isArray(value[1])) return value[1] as readonly Json[]
  return [value]
}

/** The value of an optional column, or undefined when it is empty. */
export function optional(value: Json | undefined): Json | undefined {
  return setOf(value)[0]
}

/** A map column of strings. */
export function mapOf(value: Json | undefined): Readonly<Record<string, string>> {
  if (!Array.isArray(value) || value[0] !== 'map' || !Array.isArray(value[1])) return {}
  return Object.fromEntries(value[1] as readonly (readonly [string, string])[])
}

/** The UUID of a reference. */
export function uuidOf(value: Json | undefined): string {
  return Array.isArray(value) && value[0] === 'uuid' ? String(value[1]) : ''
}

/** A map for a condition or a row. */
export function map(pairs: Readonly<Record<string, string>>): Json {
  return ['map', Object.entries(pairs)]
}

/** A reference for a condition or a row. */
export function uuid(id: string): Json {
  return ['uuid', id]
}
