import { ENDPOINT_LINK, findEndpoint, linksOf } from '../attach/endpoint.ts'
import { linkAlias } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { aliasOf, linkExists } from '../net/links.ts'
import { removal } from './detach-port.ts'
import type { Prepared } from './prepared.ts'

/** Whether there was anything of an endpoint. */
export interface RemovedEndpoint {
  readonly status: 'removed' | 'unknown'
}

/** Plans the removal of an endpoint, of whatever is left of it: one that nobody knows of is fine. Error: DatabaseUnreachable. */
export async function removeEndpoint(host: Host, id: string): Promise<Prepared<RemovedEndpoint>> {
  const found = await findEndpoint(host, id)
  const links = found === undefined && (await hasLink(host, id)) ? [linksOf(id).port] : []
  if (found === undefined && links.length === 0) return { plan: undefined, result: { status: 'unknown' } }
  return {
    plan: await removal(host, found === undefined ? [] : [found.where], { links }),
    result: { status: 'removed' },
  }
}

/** Whether a run that was killed has left the pair without a port. */
async function hasLink(host: Host, id: string): Promise<boolean> {
  const { port } = linksOf(id)
  return linkExists(port) && (await aliasOf(host.run, port)) === linkAlias(id, ENDPOINT_LINK)
}
