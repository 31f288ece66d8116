import { createHash } from 'node:crypto'

/** What JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A value as JSON with the keys of every object in order: the same value is always the same text. */
export function canonical(value: unknown, indent?: number): string {
  return JSON.stringify(sorted(value), undefined, indent)
}

/** The checksum of a value, whatever the order of its keys. */
export const checksumOf = (value: unknown): string =>
  `sha256:${createHash('sha256').update(canonical(value)).digest('hex')}`

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]))
}
