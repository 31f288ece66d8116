// The copy of a network's record: what has to be typed again when the database was emptied or the bridge deleted.
import { createHash } from 'node:crypto'
import { describeNetwork } from '../network/describe.ts'
import { learntOf, networkKey, networkRecord, readNetworks, type Learnt } from '../network/record.ts'
import type { NetworkSpec } from '../network/spec.ts'
import type { NetworkWords } from '../network/words.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import { canonical, type Json } from './canonical.ts'
import type { StateName } from './names.ts'

/** A network as the store and an export have it: with what Docker calls it, or nobody would ever know that it has removed it. */
export interface KeptNetwork extends Learnt {
  readonly id: string
  readonly name: string
  readonly bridge: string
  /** What its record on the bridge says: words, as they were recorded. */
  readonly words: Readonly<Record<string, Json>>
}

/** A network as the database has it. `kept` is missing when its record cannot be used. */
export interface NetworkOnRow {
  readonly name: string
  readonly bridge: string
  /** Whether the record itself says which id it has. */
  readonly hasId: boolean
  readonly kept: KeptNetwork | undefined
  readonly problem: string | undefined
}

/** The id of a network: that of its record, or for one that was recorded before there were ids, one that is always the same. */
export function networkIdOf({
  id,
  name,
  bridge,
}: {
  readonly id?: string | undefined
  readonly name: string
  readonly bridge: string
}): string {
  return id ?? createHash('sha256').update(`network\0${name}\0${bridge}`).digest('hex')
}

/** Where the copy of a network is kept. */
export const stateNameOf = ({ id }: { readonly id: string }): StateName => ({ kind: 'networks', id })

/** The copy of a network that is about to be recorded with these words; the bridge has to be among them. */
export function keptOf(words: NetworkWords & { readonly bridge: string }): KeptNetwork {
  const { name, bridge } = words
  const [record = '{}'] = Object.values(networkRecord(words))
  return { id: networkIdOf(words), name, bridge, words: JSON.parse(record) as KeptNetwork['words'] }
}

/** What the file of a network, or an export, says of it. */
export const contentOf = ({ name, bridge, words, ...learnt }: KeptNetwork): Json => ({
  ...{ name, bridge, words },
  ...learntOf(learnt),
})

/** Reads that back; a text that says what is wrong with it. */
export function readKept(id: string, content: Json): KeptNetwork | string {
  const { name, bridge, words, title, engine } = (content ?? {}) as Partial<Record<string, Json>>
  if (typeof name !== 'string' || typeof bridge !== 'string' || !isObject(words)) return 'it is no network'
  const kept: KeptNetwork = { id, name, bridge, words, ...learntOf({ title: text(title), engine: text(engine) }) }
  const spec = specOf(kept)
  return typeof spec === 'string' ? spec : kept
}

/** The networks that the rows of bridges record. */
export function networksOnRows(rows: readonly BridgeRow[]): readonly NetworkOnRow[] {
  return rows.flatMap((row) =>
    readNetworks(row).map((found) => {
      const { name, bridge } = found
      if (!('spec' in found)) return { name, bridge, hasId: false, kept: undefined, problem: found.problem }
      const words = JSON.parse(row.externalIds[networkKey(name)] ?? '{}') as KeptNetwork['words']
      const { id } = found.spec
      return {
        ...{ name, bridge, hasId: id !== undefined, problem: undefined },
        kept: { id: networkIdOf({ id, name, bridge }), name, bridge, words, ...learntOf(found) },
      }
    }),
  )
}

/** The words of a network, as a recipe takes them. */
export const wordsOf = ({ id, name, bridge, words }: KeptNetwork): NetworkWords & { readonly bridge: string } => ({
  ...words,
  ...{ id, name, bridge },
})

/** What a network is, checked; a text that says what is wrong with it. Read as a record is: it may come from anywhere. */
export function specOf(kept: KeptNetwork): NetworkSpec | string {
  const { name, bridge } = kept
  const externalIds = { [networkKey(name)]: JSON.stringify({ ...kept.words, id: kept.id }) }
  const [found] = readNetworks({ uuid: '', datapathType: '', name: bridge, externalIds })
  return found === undefined ? 'it is no network' : 'spec' in found ? found.spec : found.problem
}

/** Whether two are the same network with the same settings, however those were written. */
export function isSameNetwork(a: KeptNetwork, b: KeptNetwork): boolean {
  return a.id === b.id && settings(a) === settings(b)
}

function settings(kept: KeptNetwork): string {
  const spec = specOf(kept)
  return canonical(typeof spec === 'string' ? contentOf(kept) : describeNetwork(spec))
}

const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value)
