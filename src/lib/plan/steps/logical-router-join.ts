import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { isJoined, joinRouter, readNetworkRouter, unjoinRouter } from '../../ovn/nb/network-router.ts'
import type { FoundNetworkRouter, NetworkRouter } from '../../ovn/nb/network-router.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Joins a network to its logical router, which is made when there is none. `seen` is what there was. Errors, of apply too:
 * RouterForeign, TenantDiffers, SubnetOverlaps.
 */
export function logicalRouterJoin(nb: Northbound, wanted: NetworkRouter, seen: FoundNetworkRouter): ReversibleStep {
  const { network, router } = wanted
  const changes = joinRouter(wanted, seen)
  // The router alone may be another network's.
  const wasThere = [...seen.found.values()].some((row) => row['networks'] !== undefined)
  return {
    id: 'logical-router.join',
    title: `Join the network ${network} to the logical router ${router}`,
    leaves: `port of the network ${network} on the logical router ${router}`,
    commands: () => [transaction(nb, changes)],
    isDone: () => isJoined(nb, wanted),
    async apply(signal) {
      await untilUndisturbed(async (tries) => {
        const now = tries === 0 ? changes : joinRouter(wanted, await readNetworkRouter(nb, wanted))
        await change(nb, now, signal)
      }, signal)
    },
    async undo(signal) {
      // What was put right is as it should be.
      if (wasThere) return
      await untilUndisturbed(async () => {
        const back = await unjoinRouter(nb, wanted)
        if (back.length > 0) await change(nb, back, signal)
      }, signal)
    },
  }
}
