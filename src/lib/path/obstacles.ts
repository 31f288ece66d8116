// What can keep a packet, in the order of its way.
import type { Case, Obstacle } from './case.ts'
import { checksums, refused, silentNeighbour, switchStands, unanswered } from './obstacles/answers.ts'
import { answerDropped, dropped } from './obstacles/flows.ts'
import { addressMissing, troubleOf } from './obstacles/ports.ts'
import { noRoute, noWayBack, otherInterface } from './obstacles/routes.ts'
import { bridgesDiffer, vlansDiffer } from './obstacles/segment.ts'

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
  dropped,
  noWayBack,
  answerDropped,
  checksums,
  silentNeighbour,
  unanswered,
]

/** What keeps the packet of a case, as near to where it was sent as can be. Errors: those of looking at the host. */
export async function firstObstacle(all: Case): Promise<Obstacle | undefined> {
  for (const look of LOOKS) {
    const found = await look(all)
    if (found !== undefined) return found
  }
  return undefined
}
