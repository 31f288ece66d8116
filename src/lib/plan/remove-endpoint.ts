import { ENDPOINT_LINK, findEndpoint, linksOf } from '../attach/endpoint.ts'
import { linkAlias } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { aliasOf, linkExists } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { removal, type Besides } from './detach-port.ts'
import { logicalPortsOf } from './logical-removal.ts'
import type { Prepared } from './prepared.ts'
import type { TearDown } from './step.ts'

/** Whether there was anything of an endpoint. */
export interface RemovedEndpoint {
  readonly status: 'removed' | 'unknown'
  /** What the plan leaves for somebody else to delete: the host's end of the pair, and with it the other one. */
  readonly links: readonly string[]
}

/**
 * Plans the removal of an endpoint, of whatever is left of it: one that nobody knows of is fine. With `pairStays` the pair of a port that
 * goes is left, and its name is told. Error: DatabaseUnreachable.
 */
export async function removeEndpoint(host: Host, id: string, pairStays = false): Promise<Prepared<RemovedEndpoint>> {
  const found = await findEndpoint(host, id)
  if (found === undefined) {
    if (!(await hasLink(host, id))) return { plan: undefined, result: { status: 'unknown', links: [] } }
    const plan = await endpointsRemoval(host, [], { links: [linksOf(id).port] })
    return { plan, result: { status: 'removed', links: [] } }
  }
  const plan = await endpointsRemoval(host, [found.where], { linksStay: pairStays })
  const links = [linksOf(id).port].filter((link) => pairStays && linkExists(link))
  return { plan, result: { status: 'removed', links } }
}

/**
 * Plans that endpoints go: Docker never makes one of that id again, so that nothing is kept for them. Nor is ovs-vswitchd waited for:
 * it lets go of the port while the kernel takes the pair away, each of which takes some 15 ms, and no port gets that name again. (Port
 * and pair at the same moment would be a few milliseconds faster, and ovs-vswitchd would warn of a device that is gone.) Error:
 * DatabaseUnreachable.
 */
export const endpointsRemoval = (
  host: Host,
  ports: readonly PortOnBridge[],
  more: Pick<Besides, 'links' | 'linksStay'> = {},
): Promise<TearDown> => removal(host, ports, { ...more, logical: logicalPortsOf(ports), waitSeconds: 0 })

/** Whether a run that was killed has left the pair without a port. */
async function hasLink(host: Host, id: string): Promise<boolean> {
  const { port } = linksOf(id)
  return linkExists(port) && (await aliasOf(host.run, port)) === linkAlias(id, ENDPOINT_LINK)
}
