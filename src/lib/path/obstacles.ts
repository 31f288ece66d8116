// What can keep a packet, in the order of its way.
import type { Case, Obstacle } from './case.ts'
import { checksums, refused, silentNeighbour, switchStands, unanswered } from './obstacles/answers.ts'
import { answerDropped, dropped } from './obstacles/flows.ts'
import { gatewayBroken } from './obstacles/gateway.ts'
import { paused } from './obstacles/paused.ts'
import { wrongNeighbour } from './obstacles/neighbours.ts'
import { addressMissing, troubleOf } from './obstacles/ports.ts'
import { noRoute, noWayBack, otherInterface } from './obstacles/routes.ts'
import { bridgesDiffer, vlansDiffer } from './obstacles/segment.ts'
import { vxlanDown } from './obstacles/vxlan.ts'
import type { Cause } from './verdict.ts'
import { centralAway, logicalObstacle } from './ovn/logical-obstacles.ts'

/** Along the way, from the one to the other; what is nearer is told first. */
const LOOKS: readonly ((all: Case) => Promise<Obstacle | undefined> | Obstacle | undefined)[] = [
  refused,
  switchStands,
  ({ pair, way }) => troubleOf(pair.source, way),
  noRoute,
  ({ pair }) => troubleOf(pair.destination.port, undefined),
  addressMissing,
  otherInterface,
  vlansDiffer,
  bridgesDiffer,
  logicalObstacle,
  wrongNeighbour,
  dropped,
  gatewayBroken,
  noWayBack,
  answerDropped,
  checksums,
  vxlanDown,
  silentNeighbour,
  paused,
  unanswered,
]

/** What keeps the packet of a case, as near to where it was sent as can be. Errors: those of looking at the host. */
export async function firstObstacle(all: Case): Promise<Obstacle | undefined> {
  for (const look of LOOKS) {
    const found = await look(all)
    if (found === undefined) continue
    return OF_THE_WAY.includes(found.cause) ? { ...found, said: `${found.said}${await centralAway(all)}` } : found
  }
  return undefined
}

/** What OVN might have said more about. */
const OF_THE_WAY: readonly Cause[] = ['flow', 'neighbour', 'refused', 'unanswered']
