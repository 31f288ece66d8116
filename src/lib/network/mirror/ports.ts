import { OURS, readMarks, type Marks } from '../../attach/marks.ts'
import { ownerOf } from '../../attach/owners.ts'
import { NO_VLAN, type Vlan } from '../../net/vlan.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { MirrorSource } from './mirror.ts'
import { mirrorNameIn } from './record.ts'

/** What has to be known of a port to mirror it. */
export interface MirrorPort {
  readonly name: string
  /** Undefined for one that is about to be made. */
  readonly uuid: string | undefined
  readonly bridge: string
  readonly vlan: Vlan
  readonly marks: Marks
  /** Whose it is when it is not ovsd's (attach/owners.ts); undefined for one that is no container's. */
  readonly owner: string | undefined
  /** The mirror that it was made for, as a tunnel. */
  readonly mirror: string | undefined
}

export const mirrorPort = ({ interface: row, port, bridge }: PortOnBridge): MirrorPort => ({
  ...{ name: port.name, uuid: port.uuid, bridge: bridge.name, vlan: port.vlan },
  ...{ marks: readMarks(row.externalIds), owner: ownerOf(row), mirror: mirrorNameIn(row.externalIds) },
})

/** A port that an attachment is about to make. */
export interface ComingPort {
  readonly bridge: string
  readonly port: string
  /** Full id of the container, and its name. */
  readonly id: string
  readonly name: string
  readonly iface: string
  readonly addresses: readonly string[]
  /** The tag that it gets; 0 is untagged, undefined a trunk. */
  readonly vlan: number | undefined
  readonly network?: string | undefined
}

export function portOf({ bridge, port, id, name, iface, addresses, vlan, network = '' }: ComingPort): MirrorPort {
  const marks = readMarks({ ...OURS, ovsd_id: id, ovsd_name: name, container_iface: iface, ovsd_network: network })
  const spec = { addresses, gateways: [], routes: [], mac: '', mtu: null }
  return {
    ...{ name: port, uuid: undefined, bridge, marks: { ...marks, spec }, owner: 'ovsd', mirror: undefined },
    vlan: vlan === undefined ? NO_VLAN : { kind: 'access', tag: vlan },
  }
}

/** How ovs-vsctl is told of a port: by its name, or by its UUID if the name could be taken for something else. */
export const recordOf = ({ name, uuid }: MirrorPort): string =>
  uuid === undefined || /^[A-Za-z0-9_][A-Za-z0-9_.@+-]*$/.test(name) ? name : uuid

const SHORT = 12

/** Those of the ports that belong to a source or destination. */
export function portsOfEnd(end: MirrorSource, ports: readonly MirrorPort[]): readonly MirrorPort[] {
  switch (end.kind) {
    case 'container':
      return ports.filter(({ marks }) => isAttachment(marks) && marks.id === end.id && isOf(end.iface, marks))
    case 'port':
      return ports.filter(({ name }) => name === end.port)
    case 'network':
      return ports.filter(({ marks }) => isAttachment(marks) && marks.network === end.network)
    case 'name': {
      const named = ports.filter(({ marks }) => isNamed(marks, end.name) && isOf(end.iface, marks))
      return named.length > 0 || end.iface !== undefined ? named : ports.filter(({ name }) => name === end.name)
    }
  }
}

const isAttachment = ({ ours, part }: Marks): boolean => ours && part === ''
const isOf = (iface: string | undefined, marks: Marks): boolean => iface === undefined || marks.iface === iface

/** Whether the marks are of the container with that name, id, or beginning of the id. */
const isNamed = (marks: Marks, name: string): boolean =>
  marks.part === '' &&
  ([marks.name, marks.container, marks.id].includes(name) ||
    (name.length >= SHORT && /^[0-9a-f]+$/.test(name) && marks.id.startsWith(name)))
