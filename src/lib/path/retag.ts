// What to type to put a port into a VLAN.
import { segment } from '../attach/taken.ts'
import type { AttachmentSeen } from '../doctor/attachments-seen.ts'
import { tagOf } from '../doctor/ports/vlan.ts'
import { quote } from '../system/command.ts'

/** Whether a port is not in the VLAN of its network: then it is this one that has to go back. */
export const hasStrayed = (port: AttachmentSeen): boolean =>
  tagOf(port) !== undefined && tagOf(port) !== segment(port.where.port.vlan)

/** The command for it. `ovsd set-vlan` leaves the ports of networks alone: they are in the VLAN of the network. `tag`: a number, 0, or TAG. */
export function retag(port: AttachmentSeen, name: string, tag: number | 'TAG'): string {
  const { port: row, bridge } = port.where
  if (port.marks.network === '')
    return `ovsd set-vlan ${bridge.name} ${quote(port.marks.iface)} ${quote(name)} ${tag === 0 ? '--none' : String(tag)}`
  // 0, and not no tag at all, which would be a trunk of all VLANs (plan/connect-network.ts).
  return `ovs-vsctl set Port ${row.name} tag=${String(tag)} vlan_mode=access`
}
