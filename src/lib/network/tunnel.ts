// Ports of a VXLAN tunnel: what they should be like, and what is otherwise. All of them are protected: frames never go from
// one such port of a bridge to another (ovs-vswitchd.conf.db(5), "protected"), be they broadcast, multicast or unicast. In a
// full mesh a frame comes straight from its sender, so whoever passed it on would make a loop of it.
import { partMarks, readMarks } from '../attach/marks.ts'
import { fnv1a64 } from '../net/hash.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { InterfaceRow } from '../ovs/rows.ts'
import type { NetworkSpec } from './spec.ts'

type Ids = Readonly<Record<string, string>>

/** The part's name, in marks and messages. */
export const TUNNELS = 'tunnels'

/** One tunnel as it should be. */
export interface Tunnel {
  readonly remote: string
  readonly bridge: string
  readonly port: string
  /** Tag of the network; 0 is untagged. */
  readonly tag: number
  readonly options: Ids
  readonly marks: Ids
}

/** The tunnels of a network, in the order of its remotes. Their names are derived: a second try finds the first one's. */
export function tunnelsOfSpec({ name, bridge, vlan, vxlan }: NetworkSpec): readonly Tunnel[] {
  return (vxlan?.remotes ?? []).map(({ text: remote }) => ({
    ...{ remote, bridge, tag: vlan ?? 0, marks: partMarks(name, TUNNELS) },
    port: `vx${fnv1a64(`${bridge} ${name} ${remote}`).slice(0, 12)}`,
    options: { key: String(vxlan?.key), remote_ip: remote },
  }))
}

/** Whether a row is a tunnel of this network: by its marks, and by a name that only ovsd derives. */
export function isTunnelOf({ name: port, externalIds }: InterfaceRow, network: string): boolean {
  const { ours, network: marked, part } = readMarks(externalIds)
  return ours && part === TUNNELS && marked === network && /^vx[0-9a-f]{12}$/.test(port)
}

/** What is wrong with the port of a tunnel; undefined when nothing is. */
export type TunnelFault =
  /** It is not there. */
  | { readonly kind: 'gone' }
  /** Something has its name that is not it. */
  | { readonly kind: 'foreign' }
  /** It is there with other settings. */
  | { readonly kind: 'different'; readonly what: string; readonly text: string }
  /** ovs-vswitchd cannot use it. */
  | { readonly kind: 'broken'; readonly why: string }

/** Compares a tunnel with what carries its name: `row`, and where that is. */
export function faultOf(
  tunnel: Tunnel,
  network: string,
  row: InterfaceRow | undefined,
  where: PortOnBridge | undefined,
): TunnelFault | undefined {
  if (row === undefined || where === undefined) return { kind: 'gone' }
  if (!isTunnelOf(row, network) || where.bridge.name !== tunnel.bridge) return { kind: 'foreign' }
  const { vlanColumns, isProtected } = where.port
  const is = { type: row.type, options: sorted(row.options), ...vlanColumns, protected: isProtected }
  const wanted = {
    ...{ type: 'vxlan', options: sorted(tunnel.options), tag: tunnel.tag, trunks: [], mode: '', protected: true },
  } satisfies Record<keyof typeof is, unknown>
  const [what] = (Object.keys(is) as (keyof typeof is)[]).filter(
    (key) => JSON.stringify(is[key]) !== JSON.stringify(wanted[key]),
  )
  if (what !== undefined) return { kind: 'different', what, text: OTHERWISE[what] }
  return isUsed(row) ? undefined : { kind: 'broken', why: row.error || 'ovs-vswitchd does not take it up' }
}

/** What a difference means, in words. */
const OTHERWISE = {
  type: 'it is no VXLAN port',
  options: 'it leads elsewhere, or has another key',
  tag: 'its VLAN is another',
  trunks: 'its VLAN is another',
  mode: 'its VLAN is another',
  protected: 'it forwards to the others',
} as const

const sorted = (ids: Ids): Ids => Object.fromEntries(Object.entries(ids).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Whether ovs-vswitchd uses an interface. */
export const isUsed = ({ ofport, error }: InterfaceRow): boolean => ofport !== undefined && ofport > 0 && error === ''

/** A fault in words. */
export function faultText({ remote, port }: Tunnel, fault: TunnelFault): string {
  const tunnel = `the tunnel to ${remote}`
  switch (fault.kind) {
    case 'gone':
      return tunnel
    case 'foreign':
      return `${tunnel} (port ${port} is not ovsd's, or on another bridge)`
    case 'different':
      return `${tunnel} as it was (${fault.text})`
    case 'broken':
      return `${tunnel} (${fault.why})`
  }
}
