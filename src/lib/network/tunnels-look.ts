import { partMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { InterfaceRow } from '../ovs/rows.ts'
import type { NetworkSpec } from './spec.ts'
import { faultOf, isTunnelOf, TUNNELS, tunnelsOfSpec, type Tunnel, type TunnelFault } from './tunnel.ts'

/** The tunnels of a network as they are. */
export interface TunnelsLook {
  readonly tunnels: readonly {
    readonly tunnel: Tunnel
    /** What carries its name. */
    readonly row: InterfaceRow | undefined
    readonly where: PortOnBridge | undefined
    readonly fault: TunnelFault | undefined
  }[]
  /** All that is marked as a tunnel of the network, on whatever bridge. */
  readonly own: readonly PortOnBridge[]
  /** Those of them that it should not have. */
  readonly stale: readonly PortOnBridge[]
}

/** Looks at the database and at nothing else; starts no process. */
export async function lookAtTunnels(host: Host, spec: NetworkSpec): Promise<TunnelsLook> {
  const wanted = tunnelsOfSpec(spec)
  const marked = { has: partMarks(spec.name, TUNNELS) }
  const [rows = [], ...named] = await host.ovs.interfaces([marked, ...wanted.map(({ port }) => ({ name: port }))])
  const all = [...new Map([...rows, ...named.flat()].map((row) => [row.uuid, row])).values()]
  const located = new Map((await host.ovs.locate(all)).map((where) => [where.interface.uuid, where]))
  const own = rows.filter((row) => isTunnelOf(row, spec.name)).flatMap(({ uuid }) => located.get(uuid) ?? [])
  const names = new Set(wanted.map(({ port }) => port))
  return {
    tunnels: wanted.map((tunnel, i) => {
      const row = named[i]?.[0]
      const where = located.get(row?.uuid ?? '')
      return { tunnel, row, where, fault: faultOf(tunnel, spec.name, row, where) }
    }),
    own,
    stale: own.filter(({ interface: row }) => !names.has(row.name)),
  }
}
