import { portName, type Attachment } from '../attach/attachment.ts'
import { linkAlias } from '../attach/marks.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { aliasOf, linkExists } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'

/** Links that stand in the way: of stale ports, or of a run that was killed before its port was added. Error: LinkNameTaken. */
export async function leftoverLinks(
  host: Host,
  { target, iface }: Pick<Attachment, 'target' | 'iface'>,
  stale: readonly PortOnBridge[],
): Promise<readonly string[]> {
  const port = portName(target.id, iface)
  const links = stale.map((where) => where.port.name).filter((name) => linkExists(name))
  if (links.includes(port) || !linkExists(port)) return links
  // A port of that name, and yet not known as this attachment's: somebody took its marks away, and its link is in use.
  const [rows = []] = await host.ovs.interfaces([{ name: port }])
  const isOurs = rows.length === 0 && (await aliasOf(host.run, port)) === linkAlias(target.id, iface)
  if (!host.isDefaultDatabase || !isOurs)
    throw new Refused('LinkNameTaken', `The host has a link ${port} whose name is needed.`, {
      next: `Look at it: ip -details link show dev ${port}; ovs-vsctl list Interface ${port}`,
    })
  return [...links, port]
}
