import { ENDPOINT_LINK, isPairInUse } from '../attach/endpoint.ts'
import { isOurAlias } from '../attach/marks.ts'
import type { Host } from '../host.ts'
import { linksWithAlias } from '../net/links.ts'
import type { PortOnBridge } from '../ovs/reader.ts'

/** The host's end of a pair that is connected to no bridge. */
export interface OrphanLink {
  readonly name: string
  /** The first 12 digits of the id of the container, or of the endpoint of Docker's. */
  readonly container: string
  readonly iface: string
}

/**
 * Links that a killed run made and never connected, or disconnected and never deleted. `all` are the ports of the host. The pair of an
 * endpoint of Docker's is none as long as a container has the other end: that it has no port is a loss, which the driver makes good.
 * `links` are those of the host, where they are known already.
 */
export async function orphanLinks(
  host: Host,
  all: readonly PortOnBridge[],
  links?: readonly { readonly name: string; readonly alias: string }[],
): Promise<readonly OrphanLink[]> {
  const connected = new Set(all.map(({ interface: row }) => row.name))
  return (links ?? (await linksWithAlias(host.run)))
    .filter(({ name, alias }) => isOurAlias(alias, name) && !connected.has(name) && !isInUse(name, alias))
    .map(({ name, alias }) => {
      const [, container = '', iface = ''] = alias.split('/')
      return { name, container, iface }
    })
}

const isInUse = (name: string, alias: string): boolean => alias.endsWith(`/${ENDPOINT_LINK}`) && isPairInUse(name)
