import { ENDPOINT_LINK, isNearEnd } from '../attach/endpoint.ts'
import type { Host } from '../host.ts'
import { linkNames } from '../net/links.ts'
import { orphanLinks } from '../plan/orphan-links.ts'
import { linkRemove } from '../plan/steps/link-remove.ts'
import { SeenSince } from '../reconcile/seen-since.ts'
import type { Chore } from '../reconcile/upkeep.ts'

/** A pair is made before its port, and goes after it, in less than the time that a call has. */
const AFTER_MS = 120_000

/** Pairs of endpoints that have no port: of a driver that was killed between the two. Seen for `afterMs`, they go. */
export function leftPairs(afterMs = AFTER_MS): Chore {
  const seen = new SeenSince()
  return async (host) => {
    if (!host.isDefaultDatabase) return []
    const left = await pairsWithoutPort(host)
    seen.look(left)
    const long = left.filter((name) => seen.isFor(name, afterMs))
    if (long.length === 0) return []
    return [
      {
        about: 'pairs of endpoints',
        why: [`removed ${long.join(', ')}: they have no port`],
        plan: async () => {
          const still = await pairsWithoutPort(host)
          const links = long.filter((name) => still.includes(name))
          return links.length === 0
            ? undefined
            : { onFailure: 'continue', title: `Delete ${links.join(', ')}`, stages: [[linkRemove(host, links)]] }
        },
      },
    ]
  }
}

/** The hosts' ends of pairs of endpoints that are connected to nothing, the other end of which is in no container either. */
async function pairsWithoutPort(host: Host): Promise<readonly string[]> {
  // Without a process as long as every link that may be one has a port.
  const names = linkNames().filter(isNearEnd)
  const rows = await host.ovs.interfaces(names.map((name) => ({ name })))
  if (rows.every(({ length }) => length > 0)) return []
  const orphans = await orphanLinks(host, await host.ovs.everything())
  return orphans.filter(({ iface }) => iface === ENDPOINT_LINK).map(({ name }) => name)
}
