import { isIdle, linksOf } from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import { DockerUnreachable } from '../docker/http.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import { networksOfDocker } from '../network/dockers.ts'
import { removeEndpoint } from '../plan/remove-endpoint.ts'
import { SeenSince } from '../reconcile/seen-since.ts'
import type { Chore } from '../reconcile/upkeep.ts'

/** Docker takes the far end of a pair within seconds after it asked for it; its calls have limits of their own. */
const AFTER_MS = 120_000

/** An endpoint whose pair is whole, and in no container. */
interface Left {
  readonly id: string
  readonly network: string
}

/**
 * Endpoints that Docker has forgotten while the driver was away: it only writes into its log that it could not delete them. Their pair
 * lies on the host for `afterMs` and longer, and no container has them for its own.
 */
export function leftEndpoints(afterMs = AFTER_MS): Chore {
  const seen = new SeenSince()
  return async (host) => {
    if (!host.isDefaultDatabase) return []
    const left = await idleEndpoints(host)
    seen.look(left.map(({ id }) => id))
    const long = left.filter(({ id }) => seen.isFor(id, afterMs))
    if (long.length === 0) return []
    const known = await endpointsOfContainers(host, new Set(long.map(({ network }) => network)))
    return long
      .filter(({ id }) => known?.has(id) === false)
      .map(({ id }) => ({
        about: `endpoint ${id.slice(0, 12)}`,
        why: [`removed ${linksOf(id).port}: Docker has no such endpoint any more`],
        plan: async () => (isIdle(id) ? (await removeEndpoint(host, id)).plan : undefined),
      }))
  }
}

async function idleEndpoints(host: Host): Promise<readonly Left[]> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
  return rows
    .map(({ externalIds }) => readMarks(externalIds))
    .filter(({ endpoint }) => endpoint !== '' && isIdle(endpoint) && linkExists(linksOf(endpoint).port))
    .map(({ endpoint, network }) => ({ id: endpoint, network }))
}

/** The endpoints that containers have in these networks; undefined when nobody can be asked. */
async function endpointsOfContainers(host: Host, names: ReadonlySet<string>): Promise<ReadonlySet<string> | undefined> {
  const networks = (await networksOfDocker(host)).filter(({ name }) => names.has(name))
  try {
    const members = await Promise.all(networks.map(({ spec }) => host.docker.membersOf(spec.docker)))
    return new Set(members.flat().map(({ endpoint }) => endpoint))
  } catch (error) {
    if (error instanceof DockerUnreachable) return undefined
    throw error
  }
}
