import { readMarks } from '../attach/marks.ts'
import { ownerOf } from '../attach/owners.ts'
import { readPersistRecords, type PersistRecord } from '../attach/persist.ts'
import { segment } from '../attach/taken.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { vlanOfColumns, type VlanColumns } from '../net/vlan.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { inTheWay, titled } from './in-the-way.ts'
import type { Network } from './networks.ts'
import type { RecordedNetwork } from './record.ts'
import type { NetworkSpec } from './spec.ts'
import { isHostOn } from './uplink-record.ts'

/** Tags that are given out, when nobody asks for one: 1 is what switches use when nobody said anything. */
const FIRST_TAG = 2
const LAST_TAG = 4094

/**
 * The VLAN that a new network gets on its bridge, undefined for untagged traffic: no two networks ever share one, so that
 * equal addresses in two of them do not meet. A network with a tenant has a tag in any case. `force`: join whoever is in the
 * VLAN that was asked for. Error: SegmentTaken.
 */
export async function segmentFor(
  host: Host,
  { name, bridge, vlan, tenant, uplink }: NetworkSpec,
  all: readonly RecordedNetwork[],
  force = false,
): Promise<number | undefined> {
  const here = all.filter((one) => one.bridge === bridge)
  const holder = (tag: number | undefined): Network | undefined =>
    here.find((one): one is Network => 'spec' in one && one.spec.vlan === tag)
  const ids = (await host.ovs.bridge(bridge))?.externalIds ?? {}
  const users = [...(await portsOn(host, bridge)).map(userOfPort), ...readPersistRecords(ids).map(userOfRecord)]
  if (vlan !== undefined) {
    const other = holder(vlan)
    if (other !== undefined)
      throw taken(bridge, vlan, `is the network ${titled(other)}`, `${FREE_ONE}${inTheWay(other.spec)}.`)
    // One with an id was here before, but others may have come to its VLAN while nobody knew of it.
    if (!force) refuseStrangers(users, { name, bridge, vlan, tenant })
    return vlan
  }
  // One whose record is damaged may be the untagged one; if it has a tag, its ports say so.
  const isDamaged = here.some((one) => !('spec' in one))
  if (tenant === undefined && holder(undefined) === undefined && !isDamaged && !isHostOn(ids, uplink)) return undefined
  const used = tagsOf(users)
  for (let tag = FIRST_TAG; tag <= LAST_TAG; tag++) if (!used.has(tag) && holder(tag) === undefined) return tag
  throw new Refused('SegmentTaken', `Every VLAN of ${bridge} is in use.`, {
    next: 'Choose another bridge: --bridge br1',
  })
}

const FREE_ONE = 'Choose another one with --vlan, or none: then a free one is taken'

const taken = (bridge: string, vlan: number, why: string, next = `${FREE_ONE}.`): Refused =>
  new Refused('SegmentTaken', `VLAN ${String(vlan)} of ${bridge} ${why}.`, { next })

/** Who is in VLANs of a bridge: a port, or the record of one that comes back when its container starts. */
interface User {
  readonly vlan: VlanColumns
  /** False for what is no container's: the link to a switch, say. */
  readonly isAttachment: boolean
  readonly network: string
  readonly tenant: string
  /** What is said of it. */
  readonly words: string
  /** What can be done about it, beside the VLAN of the network. */
  readonly release: string
}

function userOfPort({ interface: row, port }: PortOnBridge): User {
  const marks = readMarks(row.externalIds)
  const who = marks.name || marks.container
  const what = marks.iface === '' || who === '' ? `the port ${port.name}` : `${marks.iface} of ${who}`
  return {
    ...{ vlan: port.vlanColumns, isAttachment: ownerOf(row) !== undefined },
    ...{ network: marks.network, tenant: marks.tenant },
    ...{ words: `has ${what}${ofTenant(marks.tenant)} in it`, release: '' },
  }
}

const userOfRecord = ({ vlan, iface, name, network = '', tenant = '' }: PersistRecord): User => ({
  ...{ vlan, isAttachment: true, network, tenant },
  words: `is kept for ${iface} of ${name}${ofTenant(tenant)}`,
  release: '; if the container was removed: ovsd gc',
})

const ofTenant = (tenant: string): string => (tenant === '' ? '' : ` of the tenant ${tenant}`)

/**
 * Refuses a VLAN that somebody is in already, or will be when it starts, who belongs to no network, or to another one; who was
 * in this very network before its record was lost may stay. Error: SegmentTaken.
 */
function refuseStrangers(
  users: readonly User[],
  {
    name,
    bridge,
    vlan,
    tenant = '',
  }: Readonly<{ name: string; bridge: string; vlan: number; tenant?: string | undefined }>,
): void {
  const isMember = (one: User): boolean => one.network === name && one.tenant === tenant
  const stranger = users.find((one) => one.isAttachment && !isMember(one) && segment(vlanOfColumns(one.vlan)) === vlan)
  if (stranger === undefined) return
  const { words, release } = stranger
  throw taken(bridge, vlan, words, `${FREE_ONE}; to join them: --force${release}`)
}

const portsOn = async (host: Host, bridge: string): Promise<readonly PortOnBridge[]> =>
  (await host.ovs.everything()).filter((where) => where.bridge.name === bridge)

/** Tags that they have, and those that a trunk names. */
const tagsOf = (users: readonly User[]): ReadonlySet<number> =>
  new Set(users.flatMap(({ vlan: { tag, trunks } }) => [...(tag === undefined ? [] : [tag]), ...trunks]))
