import type { Host } from '../host.ts'
import { OvsdbClient, type RawRow } from '../ovsdb/client.ts'
import { mapOf } from '../ovsdb/values.ts'
import type { NetworkSpec } from './spec.ts'
import type { TunnelFault } from './tunnel.ts'
import { lookAtTunnels } from './tunnels-look.ts'

/** A tunnel of a network as --json gives it. */
export interface TunnelSeen {
  readonly remote: string
  readonly port: string
  readonly ofport: number | null
  /** `ok` says that this host sends; whether the other one is there, `rxPackets` shows. */
  readonly state: 'ok' | 'missing' | 'broken'
  /** Why it is not ok; '' when it is. */
  readonly reason: string
  /** The device that its frames leave by; null when there is no route. */
  readonly over: string | null
  readonly rxPackets: number
  readonly rxBytes: number
  readonly txPackets: number
  readonly txBytes: number
  /** State of BFD (RFC 5880) when somebody turned that on; ovsd does not. */
  readonly bfd: string | null
}

/** The tunnels of a network with their counters, in the order of its remotes. Errors: those of the database. */
export async function tunnelsOf(host: Host, spec: NetworkSpec): Promise<readonly TunnelSeen[]> {
  const { tunnels } = await lookAtTunnels(host, spec)
  // Not in the copy that `watch` keeps: they change all the time.
  using database = new OvsdbClient(host.database)
  const rows = await database.select(
    tunnels.map(({ tunnel }) => ({
      table: 'Interface',
      where: [['name', '==', tunnel.port]],
      columns: ['statistics', 'status', 'bfd', 'bfd_status'],
    })),
  )
  const ways = tunnels.map((_, i) => mapOf(rows[i]?.[0]?.['status'])['tunnel_egress_iface'] ?? '')
  const problems = await Promise.all(ways.map((over) => wayProblem(host, spec.bridge, over)))
  return tunnels.map(({ tunnel, row, fault }, i) => {
    const state = fault === undefined ? stateOfWay(problems[i] ?? '') : stateOf(fault)
    return {
      ...{ remote: tunnel.remote, port: tunnel.port, ofport: row?.ofport ?? null, ...state },
      ...{ over: ways[i] === '' ? null : (ways[i] ?? null), ...counters(rows[i]?.[0] ?? {}) },
    }
  })
}

type State = Pick<TunnelSeen, 'state' | 'reason'>

const stateOfWay = (problem: string): State =>
  problem === '' ? { state: 'ok', reason: '' } : { state: 'broken', reason: problem }

function stateOf(fault: TunnelFault): State {
  switch (fault.kind) {
    case 'gone':
      return { state: 'missing', reason: 'its port is gone' }
    case 'foreign':
      return { state: 'missing', reason: "its port's name is taken" }
    case 'different':
      return { state: 'broken', reason: fault.text }
    case 'broken':
      return { state: 'broken', reason: fault.why }
  }
}

/** What ovs-vswitchd does not call an error (underlay.ts): no way out, or one that a bridge in user space cannot take. */
async function wayProblem(host: Host, bridge: string, over: string): Promise<string> {
  if (over === '') return 'there is no route to it'
  const [row, rows] = await Promise.all([
    host.ovs.bridge(bridge),
    host.ovs.interfaces([{ name: over, type: 'internal' }]),
  ])
  if (row?.datapathType !== 'netdev') return ''
  const [where] = await host.ovs.locate(rows.flat())
  return where?.bridge.datapathType === 'netdev'
    ? ''
    : `${bridge} runs in user space, and ${over} is no port of Open vSwitch`
}

function counters(row: RawRow): Omit<TunnelSeen, 'remote' | 'port' | 'ofport' | 'over' | keyof State> {
  const counts = mapOf(row['statistics'])
  const count = (name: string): number => Number(counts[name] ?? 0)
  const isAsked = mapOf(row['bfd'])['enable'] === 'true'
  return {
    ...{ rxPackets: count('rx_packets'), rxBytes: count('rx_bytes') },
    ...{ txPackets: count('tx_packets'), txBytes: count('tx_bytes') },
    bfd: isAsked ? (mapOf(row['bfd_status'])['state'] ?? null) : null,
  }
}
