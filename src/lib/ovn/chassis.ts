// What Open vSwitch has to know of OVN for this host to be a chassis (ovn-controller(8), "CONFIGURATION"), and the record of what
// ovsd changed of it, so that `ovn leave` can take exactly that back.
import { Refused } from '../errors.ts'
import { REMOTE_KEYS } from './central.ts'
import type { LocalOvn } from './local.ts'
import { isSame } from './remotes.ts'

type Ids = Readonly<Record<string, string>>

/** The integration bridge: what ovn-controller calls it unless it is told otherwise. */
export const INTEGRATION_BRIDGE = 'br-int'
export const ENCAP_TYPES = ['geneve', 'vxlan'] as const
export type EncapType = (typeof ENCAP_TYPES)[number]

/** What is wanted of this host as a chassis. */
export interface Chassis {
  /** The tools' words for the two databases. */
  readonly northbound: string
  readonly southbound: string
  readonly systemId: string
  readonly encapTypes: readonly EncapType[]
  readonly encapIp: string
  readonly datapath: 'system' | 'netdev'
  /** PHYSNET:BRIDGE with commas between them; '' for none. */
  readonly bridgeMappings: string
}

/** The pairs of external_ids that say so. */
export function pairsOf(chassis: Chassis): Ids {
  return {
    'system-id': chassis.systemId,
    [REMOTE_KEYS.northbound]: chassis.northbound,
    [REMOTE_KEYS.southbound]: chassis.southbound,
    'ovn-encap-type': chassis.encapTypes.join(','),
    'ovn-encap-ip': chassis.encapIp,
    // ovn-controller gives br-int the datapath that this says, the kernel's when it says nothing.
    ...(chassis.datapath === 'netdev' ? { 'ovn-bridge-datapath-type': 'netdev' } : {}),
    ...(chassis.bridgeMappings === '' ? {} : { 'ovn-bridge-mappings': chassis.bridgeMappings }),
  }
}

/** Key of the record. */
export const CHASSIS_RECORD = 'ovsd_ovn'

/** What ovsd did to make this host a chassis. */
export interface ChassisRecord {
  /** Pairs that it set. */
  readonly set: Ids
  /** What they were before; a key that is not here was not there. */
  readonly before: Ids
  /** Whether it started ovn-controller. */
  readonly started: boolean
  /** The certificate that it told Open vSwitch of; '' for none. */
  readonly tls: string
  /** Whether there was no integration bridge: ovn-controller makes another one, without marks, when somebody deletes it. */
  readonly bridge: boolean
}

const NOTHING: ChassisRecord = { set: {}, before: {}, started: false, tls: '', bridge: false }

/** The record; undefined when this host is no chassis, was made one by somebody else, or the record is damaged. */
export function readChassisRecord({ externalIds }: LocalOvn): ChassisRecord | undefined {
  const text = externalIds[CHASSIS_RECORD]
  if (text === undefined) return undefined
  try {
    const record = JSON.parse(text) as Partial<ChassisRecord> | null
    const isMap = (value: unknown): value is Ids =>
      typeof value === 'object' && value !== null && Object.values(value).every((one) => typeof one === 'string')
    if (record === null || !isMap(record.set) || !isMap(record.before)) return undefined
    const { set, before } = record
    const tls = typeof record.tls === 'string' ? record.tls : ''
    return { set, before, started: record.started === true, tls, bridge: record.bridge === true }
  } catch {
    return undefined
  }
}

/** What has to be changed of the external_ids: the pairs that are otherwise, and the record of it. Empty when all is as it should be. */
export function chassisChange(
  local: LocalOvn,
  chassis: Chassis,
  did: Pick<ChassisRecord, 'started' | 'tls' | 'bridge'>,
): { readonly set: Ids; readonly differs: readonly string[] } {
  const { externalIds } = local
  const wanted = pairsOf(chassis)
  const differing = Object.entries(wanted).filter(([key, value]) => externalIds[key] !== value)
  const differs = differing.map(([key]) => key)
  const known = readChassisRecord(local) ?? NOTHING
  const isNews = did.started || did.tls !== '' || (did.bridge && !known.bridge)
  if (differs.length === 0 && !isNews) return { set: {}, differs }
  const record: ChassisRecord = {
    set: { ...known.set, ...Object.fromEntries(differing) },
    // What was there before the first of the runs.
    before: {
      ...Object.fromEntries(
        differs.flatMap((key) => {
          const value = externalIds[key]
          return value === undefined || key in known.set ? [] : [[key, value] as const]
        }),
      ),
      ...known.before,
    },
    started: known.started || did.started,
    tls: did.tls || known.tls,
    bridge: known.bridge || did.bridge,
  }
  return { set: { ...Object.fromEntries(differing), [CHASSIS_RECORD]: JSON.stringify(record) }, differs }
}

/** What takes it back, besides the record: pairs that get their old values, and keys that go; what somebody has changed since stays. */
export function chassisReverse(
  { externalIds }: LocalOvn,
  { set, before }: ChassisRecord,
): { readonly set: Ids; readonly forget: readonly string[] } {
  const own = Object.entries(set).filter(([key, value]) => externalIds[key] === value && before[key] !== value)
  return {
    set: Object.fromEntries(
      own.flatMap(([key]) => {
        const old = before[key]
        return old === undefined ? [] : [[key, old] as const]
      }),
    ),
    // A host keeps its name: others may know it by that (ovs-vswitchd.conf.db(5), system-id).
    forget: own.flatMap(([key]) => (before[key] === undefined && key !== 'system-id' ? [key] : [])),
  }
}

/**
 * Refuses to move a host from one central to another; `isKnown` says that the database there is the one that it belongs to, which
 * has moved, or grown into a cluster. Error: ChassisElsewhere.
 */
export function refuseElsewhere(
  { externalIds }: LocalOvn,
  { northbound, southbound }: Pick<Chassis, 'northbound' | 'southbound'>,
  isKnown: boolean,
): void {
  if (isKnown) return
  for (const [key, wanted] of [
    [REMOTE_KEYS.southbound, southbound],
    [REMOTE_KEYS.northbound, northbound],
  ] as const) {
    const now = externalIds[key]
    if (now === undefined || isSame(now, wanted)) continue
    const isOurs = externalIds[CHASSIS_RECORD] !== undefined
    throw new Refused('ChassisElsewhere', `This host belongs to another central already: ${key} is ${now}.`, {
      next: isOurs
        ? 'Leave that one first: ovsd ovn leave'
        : `If nothing needs that one any more: ovs-vsctl remove Open_vSwitch . external_ids ${REMOTE_KEYS.southbound} ${REMOTE_KEYS.northbound}`,
    })
  }
}
