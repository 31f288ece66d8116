import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { readRouter, selectRouters } from '../../ovn/nb/logical-router.ts'
import { leaveRouters } from '../../ovn/nb/network-router.ts'
import type { Change } from '../../ovsdb/operations.ts'
import { leaveTransits } from '../../ovn/nb/transit-leave.ts'
import { memberKey } from '../../ovn/nb/transit-members.ts'
import type { TransitNet } from '../../ovn/nb/transit-net.ts'
import { gatewayUuid, removeGateway } from '../../ovn/nb/transit-rows.ts'
import { isJoinedUp, readTransit, settleTransit, type TransitSeen, type TransitWish } from '../../ovn/nb/transit.ts'
import type { ReversibleStep } from '../step.ts'
import { transitMissing } from '../transit-missing.ts'

/** What is to be done about a transit network, and how it was found. */
export interface TransitToSettle {
  readonly net: TransitNet
  readonly wish: TransitWish
  readonly seen: TransitSeen
  readonly title: string
}

/**
 * Puts a transit network right: its gateway router, what joins the routers of its members, the routes between them, and
 * translations. In one transaction, unless there are hundreds of routes: then each is complete as far as it goes.
 * Errors of apply: TransitMissing, SubnetOverlaps, TransitSubnetMissing, PoolExhausted.
 */
export function transitSettle(nb: Northbound, { net, wish, seen, title }: TransitToSettle): ReversibleStep {
  const { member } = wish
  const changes = settleTransit(seen, wish)
  const wasMember = member !== undefined && seen.ls.externalIds[memberKey(member.id)] !== undefined
  const hadGateway = seen.found.has(gatewayUuid(net))
  const back = async (): Promise<readonly Change[]> => {
    if (member === undefined) return hadGateway ? [] : removeGateway(nb, net)
    return wasMember ? [] : unjoin(nb, member.id)
  }
  return {
    id: 'transit.settle',
    title,
    leaves: member === undefined ? `gateway router ${net.router}` : `${member.name} in the transit network ${net.name}`,
    commands: () => [transaction(nb, changes)],
    async isDone() {
      const now = await readTransit(nb, net, wish)
      return now !== undefined && isJoinedUp(now, wish)
    },
    async apply(signal) {
      while (await untilUndisturbed(() => settleOnce(nb, net, wish, signal), signal));
    },
    async undo(signal) {
      await untilUndisturbed(async () => {
        const undoing = await back()
        if (undoing.length > 0) await change(nb, undoing, signal)
      }, signal)
    },
  }
}

/** One transaction of it; whether there may be more to do. */
async function settleOnce(nb: Northbound, net: TransitNet, wish: TransitWish, signal: AbortSignal): Promise<boolean> {
  const now = await readTransit(nb, net, wish)
  if (now === undefined) throw transitMissing(net.name)
  if (isJoinedUp(now, wish)) return false
  await change(nb, settleTransit(now, wish), signal)
  return true
}

async function unjoin(nb: Northbound, id: string): Promise<readonly Change[]> {
  const { changes, ports } = await leaveTransits(nb, id)
  const [routers = []] = await nb.database.select([selectRouters([])])
  return [...changes, ...leaveRouters(routers.map(readRouter), new Set(ports))]
}
