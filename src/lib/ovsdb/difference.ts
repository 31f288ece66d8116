import type { Column } from './columns.ts'
import { setOf, type Json } from './values.ts'

/** The value of a column after a change of it, as an `update2` notification writes changes (ovsdb-server(7), 4.1.14). */
export function withDifference(kind: Column['kind'], old: Json, difference: Json): Json {
  switch (kind) {
    case 'single':
      return difference
    case 'set':
      return ['set', toggled(setOf(old), setOf(difference)).sort(inServersOrder)]
    case 'map':
      return ['map', changed(pairsOf(old), pairsOf(difference))]
  }
}

/** Elements that only one of the two has. */
function toggled(old: readonly Json[], difference: readonly Json[]): Json[] {
  const elements = new Map(old.map((element) => [JSON.stringify(element), element]))
  for (const element of difference) {
    const text = JSON.stringify(element)
    if (!elements.delete(text)) elements.set(text, element)
  }
  return [...elements.values()]
}

type Pair = readonly [Json, Json]

/** A pair that is there already goes; one with another value replaces it. */
function changed(old: readonly Pair[], difference: readonly Pair[]): readonly Pair[] {
  const pairs = new Map(old.map((pair) => [JSON.stringify(pair[0]), pair]))
  for (const pair of difference) {
    const key = JSON.stringify(pair[0])
    if (JSON.stringify(pairs.get(key)) === JSON.stringify(pair)) pairs.delete(key)
    else pairs.set(key, pair)
  }
  return [...pairs.values()]
}

const pairsOf = (value: Json): readonly Pair[] =>
  Array.isArray(value) && value[0] === 'map' ? (value[1] as readonly Pair[]) : []

/** ovsdb-server keeps sets sorted: numbers by value, the rest by text. */
function inServersOrder(a: Json, b: Json): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1
}
