// A port that add-port made with --persist is attached again by watch when its container has been restarted. The port
// goes with the container's life; what it was stays meanwhile as a record on its Bridge row, until the container is
// removed or the port is detached by hand. Addresses that a network gave are kept in the same way. A stable interface, as
// the marks are (man/ovsd.8, "MARKS").
import { columnsOfVlan, type VlanColumns } from '../net/vlan.ts'
import type { Attachment } from './attachment.ts'
import { readSpec, specOf, type Spec } from './marks.ts'

type Ids = Readonly<Record<string, string>>

const PREFIX = 'ovsd_persist.'

/** What is needed to attach an interface again. */
export interface PersistRecord {
  /** Key of the record among the external_ids of its bridge. */
  readonly key: string
  readonly id: string
  readonly iface: string
  /** The container's name when it was attached: for people. */
  readonly name: string
  readonly vlan: VlanColumns
  readonly spec: Spec
  readonly tenant?: string
  readonly network?: string
  /** kbit/s. */
  readonly rate?: number
  /** Its address comes from a DHCP server, which gives it again. */
  readonly dhcp?: true
  /** Labels ask for it, so the record asks for nothing: it keeps addresses of a network for the next start. */
  readonly owner?: 'watch'
}

/** The key under which a bridge records this interface. */
export const persistKey = (id: string, iface: string): string => `${PREFIX}${id}.${iface}`

/** The pair that the Bridge row of a persistent attachment gets. */
export function persistRecord(attachment: Attachment): Ids {
  const { target, iface, vlan, tenant, network, rate, dhcp } = attachment
  const owner = attachment.owner === 'watch' ? attachment.owner : undefined
  const record = {
    name: target.name,
    vlan: columnsOfVlan(vlan),
    spec: specOf(attachment),
    tenant,
    network,
    rate,
    dhcp,
    owner,
  }
  return { [persistKey(target.id, iface)]: JSON.stringify(record) }
}

/** The pair of a record with another VLAN; none when there is no such record, or a damaged one. */
export function recordWithVlan(bridgeIds: Ids, id: string, iface: string, vlan: VlanColumns): Ids {
  const key = persistKey(id, iface)
  const value = bridgeIds[key]
  if (value === undefined || parsed(value) === undefined) return {}
  return { [key]: JSON.stringify({ ...(JSON.parse(value) as object), vlan }) }
}

/** A row of a replica stays the same object until it changes, and hundreds may ask for its records at one moment. */
const read = new WeakMap<Ids, readonly PersistRecord[]>()

/** The records among the external_ids of a bridge; damaged ones are left out. */
export function readPersistRecords(bridgeIds: Ids): readonly PersistRecord[] {
  const records = read.get(bridgeIds) ?? Object.entries(bridgeIds).flatMap(([key, value]) => readRecord(key, value))
  read.set(bridgeIds, records)
  return records
}

/** The record of one interface among the external_ids of a bridge; undefined when it is missing or damaged. */
export function persistRecordOf(bridgeIds: Ids, id: string, iface: string): PersistRecord | undefined {
  const key = persistKey(id, iface)
  return readRecord(key, bridgeIds[key])[0]
}

function readRecord(key: string, value: string | undefined): readonly PersistRecord[] {
  const [, id, iface] = /^ovsd_persist\.([0-9a-f]{64})\.(.+)$/.exec(key) ?? []
  const record = id === undefined || value === undefined ? undefined : parsed(value)
  return id === undefined || iface === undefined || record === undefined ? [] : [{ ...record, key, id, iface }]
}

type Written = Omit<PersistRecord, 'key' | 'id' | 'iface'>

/** To the last value: anybody may have written it, and one bad record must not keep others from being read. */
function parsed(value: string): Written | undefined {
  try {
    const record = JSON.parse(value) as Partial<Written> | null
    const { name, vlan, tenant, network, rate, dhcp, owner } = record ?? {}
    const spec = readSpec(JSON.stringify(record?.spec))
    if (!isText(name) || !isVlan(vlan) || spec === undefined || !isOfTexts(spec)) return undefined
    if (![tenant, network].every((text) => text === undefined || isText(text))) return undefined
    if (rate !== undefined && typeof rate !== 'number') return undefined
    return {
      ...{ name, vlan, spec },
      ...(tenant === undefined ? {} : { tenant }),
      ...(network === undefined ? {} : { network }),
      ...(rate === undefined ? {} : { rate }),
      ...((dhcp as unknown) === true ? { dhcp: true } : {}),
      ...(owner === 'watch' ? { owner } : {}),
    }
  } catch {
    return undefined
  }
}

const isText = (value: unknown): value is string => typeof value === 'string'

function isVlan(value: unknown): value is VlanColumns {
  const { tag, trunks, mode } = (value ?? {}) as Partial<VlanColumns>
  const isTag = (one: unknown): boolean => typeof one === 'number'
  return (tag === undefined || isTag(tag)) && Array.isArray(trunks) && trunks.every(isTag) && isText(mode)
}

const isOfTexts = ({ addresses, gateways, routes }: Spec): boolean =>
  [...addresses, ...gateways].every(isText) &&
  routes.every((route: { to?: unknown; via?: unknown } | null) =>
    [route?.to, route?.via ?? ''].every((text) => isText(text)),
  )
