import { portName } from '../attach/attachment.ts'
import { readMarks, type Marks } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { InterfaceRow } from '../ovs/rows.ts'

/** Made by `watch`, or handed over to it with --persist; by mark, and by the name that only ovsd derives. */
export function isOwn({ name, externalIds }: InterfaceRow): boolean {
  const marks = readMarks(externalIds)
  return marks.ours && (marks.owner === 'watch' || marks.persist) && name === portName(marks.id, marks.iface)
}

/** The ports of a container that the reconciler may touch. */
export async function ownPorts(host: Host, id: string): Promise<readonly OwnPort[]> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_id: id } }])).flat().filter(isOwn)
  return (await host.ovs.locate(rows)).map((where) => ({ where, marks: readMarks(where.interface.externalIds) }))
}

export interface OwnPort {
  readonly where: PortOnBridge
  readonly marks: Marks
}
