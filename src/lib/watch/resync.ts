import { externalDifferences } from '../attach/external-differences.ts'
import { legOf, type Leg } from '../attach/external-leg.ts'
import { hostEndFaults } from '../attach/host-end.ts'
import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { hostEnds } from '../net/ip-json.ts'
import type { DesiredSource } from '../reconcile/desired.ts'
import { isOwn } from '../reconcile/own-ports.ts'
import type { PersistRecords } from '../reconcile/persist-records.ts'

/** What a look at everything has found. */
export interface Census {
  /** Containers to be looked at: true, when thoroughly. */
  readonly keys: Map<string, boolean>
  /** Running containers that want something. */
  readonly wanting: number
}

/**
 * Which containers are worth a look: all that run and may want something, and all that have a port of ours, whether or
 * not the engine still knows them. One request to the engine, one look at the database, one process.
 */
export async function census(host: Host, source: DesiredSource, records: PersistRecords): Promise<Census> {
  const [containers, ports, ends] = await Promise.all([host.docker.list(), host.ovs.everything(), hostEnds(host.run)])
  records.update([...new Map(ports.map(({ bridge }) => [bridge.name, bridge])).values()])
  const keys = new Map<string, boolean>()
  const wanting = containers.filter(({ id, labels, running }) => running && source.concerns(id, labels))
  for (const { id } of wanting) keys.set(id, false)
  const legs = new Map<string, Leg>()
  for (const { interface: row } of ports) {
    if (!isOwn(row)) continue
    const { id, iface, external, spec } = readMarks(row.externalIds)
    keys.set(id, hostEndFaults(row.name, ends.get(row.name), spec).length > 0 || keys.get(id) === true)
    if (external !== undefined) legs.set(`${id} ${iface}`, legOf(id, iface, external))
  }
  // What the host has of external addresses shows in no other way.
  const broken = await externalDifferences(host, [...legs.values()])
  for (const [key, { end }] of legs) if (broken.has(end)) keys.set(key.split(' ', 1)[0] ?? '', true)
  return { keys, wanting: wanting.length }
}
