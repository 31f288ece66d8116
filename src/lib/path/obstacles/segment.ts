// Two ports that are not in one place, although nothing routes between them.
import { tagOf } from '../../doctor/ports/vlan.ts'
import { segment } from '../../attach/taken.ts'
import type { AttachmentSeen } from '../../doctor/attachments-seen.ts'
import { describeVlan } from '../../net/vlan.ts'
import { quote } from '../../system/command.ts'
import type { Case, Obstacle } from '../case.ts'
import { hasStrayed, retag } from '../retag.ts'

/** Whether OVN has the port: then its VLAN, its bridge and its flows are not what joins it to others. */
export const isLogical = ({ where }: AttachmentSeen): boolean => where.interface.externalIds['iface-id'] !== undefined

/** One bridge, and two VLANs. */
export function vlansDiffer({ a, b, pair: { source, destination }, way }: Case): Obstacle | undefined {
  const { port } = destination
  if (source === undefined || port === undefined || way?.via !== undefined) return undefined
  if (source.where.bridge.name !== port.where.bridge.name || isLogical(source)) return undefined
  const [from, to] = [source.where.port.vlan, port.where.port.vlan]
  if (segment(from) === segment(to)) return undefined
  const words = (vlan: typeof from): string => (segment(vlan) === 0 ? 'in no VLAN' : `in VLAN ${describeVlan(vlan)}`)
  return {
    cause: 'vlan',
    said: `the VLANs differ: on ${port.where.bridge.name} ${a.name} is ${words(from)}, and ${b.name} ${words(to)}`,
    fix: [toOneVlan(source, a.name, port, b.name)],
  }
}

/** The one that has left its network goes back; two networks are joined by a leg in both. */
function toOneVlan(source: AttachmentSeen, from: string, port: AttachmentSeen, to: string): string {
  if (hasStrayed(source)) return retag(source, from, tagOf(source) ?? 'TAG')
  if (hasStrayed(port) || port.marks.network === '')
    return retag(port, to, tagOf(port) ?? segment(source.where.port.vlan))
  if (source.marks.network === '') return retag(source, from, segment(port.where.port.vlan))
  const title = source.network?.title
  return title === undefined
    ? `ovsd net connect ${quote(source.marks.network)} ${quote(to)}${port.marks.netns === '' ? '' : ` --netns=${quote(port.marks.netns)}`}`
    : `docker network connect ${quote(title)} ${quote(to)}`
}

/** Two bridges without a way from the one to the other. */
export async function bridgesDiffer({
  patient,
  a,
  b,
  pair: { source, destination },
  way,
}: Case): Promise<Obstacle | undefined> {
  const { port } = destination
  if (source === undefined || port === undefined || way?.via !== undefined) return undefined
  const [from, to] = [source.where.bridge.name, port.where.bridge.name]
  if (from === to) return undefined
  // Whatever else is on a bridge may lead to the other one: a patch port, a tunnel, a NIC, a pair of links.
  const ports = await patient.ports()
  const attached = new Set((await patient.attachments()).all.map(({ where }) => where.interface.name))
  const leads = ports.some(
    ({ bridge, interface: row }) => bridge.name === from && row.name !== from && !attached.has(row.name),
  )
  if (leads) return undefined
  return {
    cause: 'bridges',
    said: `they are on different bridges, which nothing joins: ${a.name} on ${from}, ${b.name} on ${to}`,
    fix: ['ovsd list   # which containers are on which bridge', 'ovs-vsctl show'],
  }
}
