import type { Host } from '../host.ts'
import { keepMirrors, missingOfMirrors } from '../plan/keep-mirrors.ts'
import type { Due } from './upkeep.ts'

/**
 * Mirrors whose time is over, and those that do not copy what they should: the ports of a container that was restarted are
 * new ones, and what networks ask for waits for its containers. Error: DatabaseUnreachable.
 */
export async function crookedMirrors(host: Host): Promise<readonly Due[]> {
  // The times of those of another database run on another host's clock.
  if (!host.isDefaultDatabase) return []
  const why = await missingOfMirrors(host)
  if (why.length === 0) return []
  return [
    {
      ...{ about: 'mirrors', why },
      async plan() {
        const stages = await keepMirrors(host)
        return stages.length === 0
          ? undefined
          : { onFailure: 'unwind', title: `Keep mirrors: ${why.join(', ')}`, stages }
      },
    },
  ]
}
