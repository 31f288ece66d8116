import { DockerUnreachable } from '../docker/http.ts'
import type { Host } from '../host.ts'
import { networksOfDocker, type DockersNetwork } from '../network/dockers.ts'
import { usersOf } from '../network/users.ts'
import { usersOfParts } from '../plan/parts/parts.ts'
import { removeNetwork } from '../plan/remove-network.ts'
import { SeenSince } from '../reconcile/seen-since.ts'
import type { Chore } from '../reconcile/upkeep.ts'
import type { Store } from '../state/store.ts'

/** Longer than any call about a network takes, on whichever side it is late. */
const AFTER_MS = 120_000

/**
 * Networks that Docker has forgotten while the driver was away: it only writes into its log that it could not delete them. The engine that
 * said what they are called is the one that answers, it lists them no more at two looks that are `afterMs` apart, and nobody is in
 * them. They go with their copies in the store. Errors: DockerRefused, CentralUnreachable, those of the database.
 */
export function forgottenNetworks(store: Store, afterMs = AFTER_MS): Chore {
  /** Nobody is in them. */
  const idle = new SeenSince()
  /** The engine does not have them. */
  const missing = new SeenSince()
  return async (host) => {
    if (!host.isDefaultDatabase) return []
    const free = await unused(host)
    idle.look(free.map(idOf))
    // At the first look the engine may be starting, and answers nobody while it waits for this very driver.
    const asked = free.filter((one) => idle.isFor(idOf(one), 0))
    let gone: readonly DockersNetwork[] = []
    try {
      gone = await withoutDocker(host, asked)
    } finally {
      // What it said before does not count, should it have failed now.
      missing.look(gone.map(idOf))
    }
    const long = gone.filter((one) => missing.isFor(idOf(one), afterMs))
    // A transit network leads others out; central, which may be away, knows whom.
    const beside = await Promise.all(long.map(({ spec }) => usersOfParts(host, spec)))
    return long
      .filter((_, at) => beside[at]?.length === 0)
      .map(({ name, title = name, spec: { docker } }) => ({
        about: `network ${title}`,
        why: [`removed network ${title} (${name}): Docker has it no more`],
        async plan() {
          // The engine is not asked here: it may be waiting for a call that waits for this.
          const still = (await unused(host)).some((one) => one.name === name && one.spec.docker === docker)
          return still ? (await removeNetwork(host, name, { force: true, store })).plan : undefined
        },
      }))
  }
}

const idOf = ({ spec }: DockersNetwork): string => spec.docker

/** Networks that an engine is known to have made, and that nobody is in. */
async function unused(host: Host): Promise<readonly DockersNetwork[]> {
  const made = (await networksOfDocker(host)).filter(({ engine = '' }) => engine !== '')
  const looked = await Promise.all(
    made.map(async (network) => {
      const { ports, records } = await usersOf(host, network)
      return ports.length + records.length === 0 ? [network] : []
    }),
  )
  return looked.flat()
}

/** Those of them that the engine which made them answers that it does not have; none when it does not answer, or is another one. */
async function withoutDocker(host: Host, networks: readonly DockersNetwork[]): Promise<readonly DockersNetwork[]> {
  if (networks.length === 0) return []
  try {
    const listed = new Set((await host.docker.networks()).map(({ id }) => id))
    const missing = networks.filter((one) => !listed.has(idOf(one)))
    if (missing.length === 0) return []
    const engine = await host.docker.id()
    return missing.filter((one) => one.engine === engine)
  } catch (error) {
    if (error instanceof DockerUnreachable) return []
    throw error
  }
}
