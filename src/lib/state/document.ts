// What `state export` writes and `state import` reads: one JSON document, the same text for the same state.
import { readPersistRecords } from '../attach/persist.ts'
import { OvsdError } from '../errors.ts'
import { parseBridge } from '../net/ifname.ts'
import { canonical, checksumOf, type Json } from './canonical.ts'
import { readKept, specOf, type KeptNetwork } from './kept-network.ts'
import { isKind, isStateName } from './names.ts'
import type { Entry } from './store.ts'

const VERSION = 1

/** The record of a persistent attachment, with the bridge that it is on. */
export interface KeptAttachment {
  readonly bridge: string
  /** Its key among the external_ids of the bridge. */
  readonly key: string
  readonly record: Json
}

/** Everything that ovsd has to know and could not find out again. */
export interface StateDocument {
  readonly networks: readonly KeptNetwork[]
  readonly attachments: readonly KeptAttachment[]
  /** What the store holds beside networks. */
  readonly entries: readonly Entry[]
}

/** The text of a document. Only ASCII is sure to reach a terminal, and to come back from one, as it is. */
export function writeDocument({ networks, attachments, entries }: StateDocument): string {
  const inner = {
    ovsd: 'export',
    version: VERSION,
    networks: inOrder(networks, ({ name, id }) => `${name} ${id}`),
    attachments: inOrder(attachments, ({ bridge, key }) => `${bridge} ${key}`),
    entries: inOrder(entries, ({ kind, id }) => `${kind} ${id}`),
  }
  const text = canonical({ ...inner, checksum: checksumOf(inner) }, 2)
  return text.replaceAll(/[\u007f-\uffff]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

const inOrder = <T>(list: readonly T[], keyOf: (one: T) => string): readonly T[] =>
  list.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))

/** Reads a document that `from` holds, and checks all of it. Error: ExportInvalid. */
export function readDocument(text: string, from: string): StateDocument {
  const invalid = (why: string): OvsdError =>
    new OvsdError(
      'ExportInvalid',
      `${from} cannot be imported: ${why}.`,
      { next: 'Make one: ovsd state export FILE' },
      2,
    )
  const { checksum, ...inner } = parsed(text) ?? {}
  if (inner['ovsd'] !== 'export') throw invalid('it is no export of ovsd, or cut short')
  if (inner['version'] !== VERSION)
    throw invalid(`it has version ${JSON.stringify(inner['version'])}, and this ovsd reads 1`)
  if (checksum !== checksumOf(inner)) throw invalid('its checksum is wrong')
  const networks = listIn(inner, 'networks').map((one): KeptNetwork => {
    const { id, ...content } = one
    if (typeof id !== 'string' || !isStateName({ kind: 'networks', id })) throw invalid('a network has no id')
    const kept = readKept(id, content)
    if (typeof kept === 'string') throw invalid(`network ${JSON.stringify(one['name'])}: ${kept}`)
    return kept
  })
  const attachments = listIn(inner, 'attachments').map((one): KeptAttachment => {
    const { bridge, key, record } = one
    const isRead = typeof key === 'string' && readPersistRecords({ [key]: JSON.stringify(record) }).length === 1
    if (typeof bridge !== 'string' || !isBridge(bridge) || !isRead || record === undefined)
      throw invalid('an attachment is damaged')
    return { bridge, key, record }
  })
  const entries = listIn(inner, 'entries').map((one): Entry => {
    const { kind, id, content } = one
    const isNamed = typeof kind === 'string' && isKind(kind) && typeof id === 'string' && isStateName({ kind, id })
    if (!isNamed || kind === 'networks' || content === undefined) throw invalid('a file of the store is damaged')
    return { kind, id, content }
  })
  const twice = firstTwice(networks)
  if (twice !== undefined) throw invalid(twice)
  return { networks, attachments, entries }
}

function isBridge(text: string): boolean {
  try {
    return parseBridge(text, 'bridge') === text
  } catch {
    return false
  }
}

type Fields = Readonly<Record<string, Json>>

function parsed(text: string): Fields | undefined {
  try {
    const value = JSON.parse(text) as Json
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Fields) : undefined
  } catch {
    return undefined
  }
}

/** The objects of a list; what is something else has none of the fields that are asked for. */
function listIn(inner: Fields, key: string): readonly Fields[] {
  const list = inner[key]
  return Array.isArray(list) ? list.map((one) => (one ?? {}) as Fields) : []
}

/** Two that could not both be: of one id or name, or in one segment of a bridge. */
export function firstTwice(networks: readonly KeptNetwork[]): string | undefined {
  const seen = new Map<string, string>()
  for (const kept of networks) {
    const spec = specOf(kept)
    if (typeof spec === 'string') continue
    const vlan = spec.vlan === undefined ? 'untagged' : `VLAN ${String(spec.vlan)}`
    for (const place of [`the id ${kept.id}`, `the name ${kept.name}`, `${vlan} on ${kept.bridge}`]) {
      const other = seen.get(place)
      if (other !== undefined) return `two networks have ${place}: ${other} and ${kept.name}`
      seen.set(place, kept.name)
    }
  }
  return undefined
}
