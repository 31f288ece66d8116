import { readMarks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { readUplink, type UplinkRecord } from '../network/uplink-record.ts'
import type { UplinkPlace } from '../network/uplink-vlans.ts'
import { readNic, type Nic } from '../net/nic.ts'
import { nicRoutes, type NicRoutes } from '../net/nic-routes.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import { detectDatapath } from './steps/bridge-create.ts'
import { UPLINK } from './steps/uplink-port.ts'

/** What there is of an uplink. */
export interface Uplink {
  readonly nic: Nic | undefined
  /** Where it is plugged in, on whichever bridge. */
  readonly where: PortOnBridge | undefined
  /** It is on the bridge, and ovsd put it there. */
  readonly isOurs: boolean
  /** The network that its port is marked as one's of; '' when it is not ours. */
  readonly marked: string
  readonly row: BridgeRow | undefined
  /** What was recorded of it. */
  readonly before: UplinkRecord | undefined
  /** It has addresses or routes, which are of no use to the host on a NIC that has joined a bridge. */
  readonly hasOwn: boolean
  /** Its routes; none are looked for on a NIC that has joined already and has no address. */
  readonly routes: NicRoutes
}

/** Looks at a NIC and its bridge, with as few processes as will do: upkeep asks often. Error: DatabaseUnreachable. */
export async function lookAtUplink(
  host: Host,
  { bridge, uplink }: UplinkPlace,
  signal: AbortSignal | undefined,
): Promise<Uplink> {
  const [nic, row, [where]] = await Promise.all([
    readNic(host.run, uplink, signal),
    host.ovs.bridge(bridge),
    host.ovs.interfaces([{ name: uplink }]).then((rows) => host.ovs.locate(rows.flat())),
  ])
  const marks = where === undefined ? undefined : readMarks(where.interface.externalIds)
  const isOurs = where?.bridge.name === bridge && marks?.part === UPLINK
  const isQuiet = where !== undefined && nic?.addresses.length === 0
  const routes = nic === undefined || isQuiet ? { routes: [], odd: [] } : await nicRoutes(host.run, uplink, signal)
  return {
    ...{ nic, where, isOurs, row, routes },
    marked: isOurs ? marks.network : '',
    before: readUplink(row?.externalIds ?? {}, uplink),
    hasOwn: (nic?.addresses.length ?? 0) + routes.routes.length + routes.odd.length > 0,
  }
}

/** Whether the bridge is, or will be, on the userspace datapath. */
export const isUserspace = ({ row }: Uplink): boolean => (row?.datapathType ?? detectDatapath()) === 'netdev'
