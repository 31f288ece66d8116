// The columns that ovsd reads, decoded (ovs-vswitchd.conf.db(5)).
import { vlanOfColumns, type Vlan, type VlanColumns } from '../net/vlan.ts'
import type { RawRow } from '../ovsdb/client.ts'
import { mapOf, optional, setOf, uuidOf } from '../ovsdb/values.ts'

export interface BridgeRow {
  readonly uuid: string
  readonly name: string
  /** "netdev" is the userspace datapath, "system" the kernel's. */
  readonly datapathType: string
  readonly externalIds: Readonly<Record<string, string>>
}

export interface PortRow {
  readonly uuid: string
  readonly name: string
  readonly vlan: Vlan
  readonly vlanColumns: VlanColumns
  readonly interfaces: readonly string[]
  /** Frames never go from one such port of a bridge to another. */
  readonly isProtected: boolean
  /** Whether ovn-controller made it: a tunnel, or one end of what leads to a physical network. */
  readonly isOfOvn?: boolean
}

export interface InterfaceRow {
  readonly uuid: string
  readonly name: string
  readonly externalIds: Readonly<Record<string, string>>
  /** "vxlan", "internal" …; "" is a device of the system. */
  readonly type: string
  /** What there is to say about a device of that type. */
  readonly options: Readonly<Record<string, string>>
  /** OpenFlow port number; undefined until ovs-vswitchd has looked, -1 when it could not use the device. */
  readonly ofport: number | undefined
  /** Why ovs-vswitchd could not use the device. */
  readonly error: string
  /** Most that may come in, in kbit/s; 0 is without limit. */
  readonly rate: number
  /** What may come in at once beyond that, in kbit; 0 is Open vSwitch's default. */
  readonly burst: number
}

export const BRIDGE_COLUMNS = ['_uuid', 'name', 'datapath_type', 'external_ids']
export const PORT_COLUMNS = ['_uuid', 'name', 'tag', 'trunks', 'vlan_mode', 'interfaces', 'protected', 'external_ids']
export const INTERFACE_COLUMNS = [
  ...['_uuid', 'name', 'type', 'options', 'external_ids', 'ofport', 'error'],
  ...['ingress_policing_rate', 'ingress_policing_burst'],
]

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export function bridgeRow(row: RawRow): BridgeRow {
  return {
    uuid: uuidOf(row['_uuid']),
    name: text(row['name']),
    // An empty column means system (ovs-vswitchd.conf.db(5)).
    datapathType: text(row['datapath_type']) || 'system',
    externalIds: mapOf(row['external_ids']),
  }
}

/** What ovn-controller marks ports of its own with; undocumented (controller/encaps.c and controller/patch.c of OVN). */
const OVN_MARKS = ['ovn-chassis-id', 'ovn-localnet-port']

export function portRow(row: RawRow): PortRow {
  const vlanColumns = vlanColumnsOf(row)
  return {
    uuid: uuidOf(row['_uuid']),
    name: text(row['name']),
    vlan: vlanOfColumns(vlanColumns),
    vlanColumns,
    interfaces: setOf(row['interfaces']).map((reference) => uuidOf(reference)),
    isProtected: row['protected'] === true,
    isOfOvn: OVN_MARKS.some((key) => key in mapOf(row['external_ids'])),
  }
}

export function interfaceRow(row: RawRow): InterfaceRow {
  const ofport = optional(row['ofport'])
  return {
    uuid: uuidOf(row['_uuid']),
    name: text(row['name']),
    externalIds: mapOf(row['external_ids']),
    type: text(row['type']),
    options: mapOf(row['options']),
    ofport: typeof ofport === 'number' ? ofport : undefined,
    error: text(optional(row['error'])),
    rate: Number(optional(row['ingress_policing_rate']) ?? 0),
    burst: Number(optional(row['ingress_policing_burst']) ?? 0),
  }
}

function vlanColumnsOf(row: RawRow): VlanColumns {
  const tag = optional(row['tag'])
  return {
    tag: typeof tag === 'number' ? tag : undefined,
    trunks: setOf(row['trunks'])
      .map(Number)
      .sort((a, b) => a - b),
    mode: text(optional(row['vlan_mode'])),
  }
}
