import type { LegKey } from '../attach/external-leg.ts'
import { readMarks } from '../attach/marks.ts'
import { portName } from '../attach/attachment.ts'
import { calledIn, derivedName } from '../attach/endpoint.ts'
import { readPersistRecords, type PersistRecord } from '../attach/persist.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import { OvsdError, ToolMissing } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import { sideBySide } from '../system/side-by-side.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { strayLegs, strayRemoval } from './external.ts'
import type { Prepared } from './prepared.ts'
import { namespaceAlive } from '../attach/target.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { removal } from './detach-port.ts'
import { keepLogicalPorts } from './keep-logical-ports.ts'
import { logicalPortsOfRecords } from './logical-removal.ts'
import { lookAtLogicalPorts, type LogicalDifference } from './logical-upkeep.ts'
import { orphanLinks, type OrphanLink } from './orphan-links.ts'
import { orphanMirrors, type OrphanMirror } from './orphan-mirrors.ts'
import { strayRules, type StrayRules } from './stray-rules.ts'
import { mirrorRemove } from './steps/mirror-remove.ts'

/** One thing that gc removes. */
export interface Garbage {
  readonly bridge: string
  readonly port: string
  readonly container: string
  readonly interface: string
  readonly reason: string
}

export interface GarbageResult {
  readonly removed: readonly Garbage[]
  /** Whether central of OVN did not answer, so that nobody knows of logical ports that are of nothing. */
  readonly centralAway: boolean
}

/**
 * Plans the removal of ovsd's own ports whose container, or whose life of it, is gone, and of links without a port.
 * What cannot be proved stays. Errors: DockerUnreachable (when ports of containers are to be judged).
 */
export async function collectGarbage(host: Host, bridge: string | undefined): Promise<Prepared<GarbageResult>> {
  const all = await host.ovs.everything()
  const ours = all.filter((where) => isOurs(where) && (bridge === undefined || where.bridge.name === bridge))
  const judged = await sideBySide(ours, async (where) => ({ where, reason: await whyGone(host, where) }))
  const gone = judged.flatMap(({ where, reason }) => (reason === undefined ? [] : [{ where, reason }]))
  // Another database than the default one does not know what the links of this host are connected to.
  const links = bridge === undefined && host.isDefaultDatabase ? await orphanLinks(host, all) : []
  const legs = bridge === undefined && host.isDefaultDatabase ? await orphanLegs(host, all) : []
  const rules = bridge === undefined && host.isDefaultDatabase ? await strayRules(host) : []
  const records = await orphanRecords(
    host,
    all.map((where) => where.bridge).filter(({ name }) => bridge === undefined || name === bridge),
  )
  const leaving = new Set(gone.map(({ where }) => where.port.uuid))
  const mirrors = (await orphanMirrors(host, leaving)).filter((one) => bridge === undefined || one.bridge === bridge)
  const asked =
    host.isDefaultDatabase && (bridge ?? INTEGRATION_BRIDGE) === INTEGRATION_BRIDGE ? await strays(host) : []
  const centralAway = asked === 'central away'
  const logical = centralAway ? [] : asked
  const removed = [
    ...gone.map(({ where, reason }) => garbage(where, reason)),
    ...links.map(linkGarbage),
    ...legs.map(legGarbage),
    ...records.map(recordGarbage),
    ...mirrors.map(mirrorGarbage),
    ...rules.map(rulesGarbage),
    ...logical.flatMap(({ gone: ports }) => ports.map(logicalGarbage)),
  ]
  if (removed.length === 0) return { plan: undefined, result: { removed, centralAway } }
  const plan = await removal(
    host,
    gone.map(({ where }) => where),
    {
      ...{ links: links.map(({ name }) => name), legs: await strayRemoval(host, legs), records },
      logical: logicalPortsOfRecords(records),
    },
  )
  const last = await Promise.all(
    mirrors.map((one) => mirrorRemove(host, one.going, `Remove ${one.name} from ${one.bridge}`)),
  )
  const unruled = await Promise.all(rules.map((one) => one.step()))
  const unlogical = await Promise.all(
    logical.map(({ ls }) => keepLogicalPorts(host, ls.externalIds[NETWORK_MARK] ?? '', [], onlyGone)),
  )
  const stages = [
    ...plan.stages,
    ...[...last, ...unruled, ...unlogical].flatMap((step) => (step === undefined ? [] : [[step]])),
  ]
  return { plan: { ...plan, stages, title: 'Collect garbage' }, result: { removed, centralAway } }
}

/** Ours by mark, and by the name that only ovsd derives: a row whose external_ids were copied has another name. */
function isOurs({ interface: row }: PortOnBridge): boolean {
  const marks = readMarks(row.externalIds)
  return marks.ours && (marks.id !== '' || marks.endpoint !== '') && row.name === derivedName(marks)
}

async function whyGone(host: Host, { interface: row }: PortOnBridge): Promise<string | undefined> {
  const { netns, generation, id, endpoint } = readMarks(row.externalIds)
  // A pair of links ends with either end: whatever it was for, this port serves nobody any more.
  if (!linkExists(row.name)) return 'its link is gone'
  if (netns !== '') return namespaceAlive(netns, generation) ? undefined : 'its network namespace is gone'
  // Docker says when an endpoint goes; until its container is known there is nothing to ask.
  if (endpoint !== '' && id === '') return undefined
  const container = await host.docker.find(id)
  // Unknown here, and yet its link lives: it may be a container of another engine.
  if (container === undefined) return undefined
  if (!container.running) return 'its container is not running'
  return generation === container.generation ? undefined : 'its container was restarted'
}

function garbage({ interface: row, bridge, port }: PortOnBridge, reason: string): Garbage {
  const marks = readMarks(row.externalIds)
  return {
    bridge: bridge.name,
    port: port.name,
    container: calledIn(marks),
    interface: marks.iface,
    reason,
  }
}

/** Records of interfaces that are to be attached again to containers which are not there any more. */
async function orphanRecords(host: Host, bridges: readonly BridgeRow[]): Promise<readonly RecordOnBridge[]> {
  const rows = [...new Map(bridges.map((row) => [row.name, row])).values()]
  const records = rows.flatMap((row) =>
    readPersistRecords(row.externalIds).map((record) => ({ ...record, bridge: row.name })),
  )
  const judged = await sideBySide(records, async (record) => {
    // As of ports: of a container that the engine does not know, and whose link lives, nothing can be said.
    const isGone = !linkExists(portName(record.id, record.iface)) && (await host.docker.find(record.id)) === undefined
    return isGone ? [record] : []
  })
  return judged.flat()
}

type RecordOnBridge = PersistRecord & { readonly bridge: string }

const recordGarbage = ({ bridge, name, iface }: RecordOnBridge): Garbage => ({
  ...{ bridge, port: `the record of ${iface}`, container: name, interface: iface },
  reason: 'its container is gone',
})

const linkGarbage = ({ name, container, iface }: OrphanLink): Garbage => ({
  ...{ bridge: '', port: name, container, interface: iface },
  reason: 'it is connected to no bridge',
})

const mirrorGarbage = ({ bridge, name, reason }: OrphanMirror): Garbage => ({
  ...{ bridge, port: name, container: '', interface: '', reason },
})

const rulesGarbage = ({ name, reason }: StrayRules): Garbage => ({
  ...{ bridge: '', port: name, container: '', interface: '', reason },
})

/** Logical ports of this host that nothing on it is for. */
async function strays(host: Host): Promise<readonly LogicalDifference[] | 'central away'> {
  try {
    const look = await lookAtLogicalPorts(host)
    return (look?.differences ?? []).filter(({ gone }) => gone.length > 0)
  } catch (error) {
    if (error instanceof OvsdError && error.code === 'CentralUnreachable') return 'central away'
    throw error
  }
}

const onlyGone = (all: LogicalDifference): LogicalDifference => ({ ...all, missing: [], old: [] })

const logicalGarbage = ({ name, externalIds }: LogicalDifference['gone'][number]): Garbage => ({
  ...{ bridge: '', port: name, container: externalIds['ovsd_name'] ?? '', interface: externalIds['ovsd_iface'] ?? '' },
  reason: 'nothing on this host is for this logical port',
})

/** External addresses that no port tells of. A host without nftables has none. */
async function orphanLegs(host: Host, all: readonly PortOnBridge[]): Promise<readonly LegKey[]> {
  try {
    return await strayLegs(
      host,
      all.map(({ interface: row }) => readMarks(row.externalIds)),
    )
  } catch (error) {
    if (error instanceof ToolMissing) return []
    throw error
  }
}

const legGarbage = ({ end, ip }: LegKey): Garbage => ({
  ...{ bridge: '', port: end, container: '', interface: '' },
  reason: `no port tells of its external address ${ip}`,
})
