// Routes of the two ends.
import type { AttachmentSeen } from '../../doctor/attachments-seen.ts'
import { quote } from '../../system/command.ts'
import type { Case, Obstacle } from '../case.ts'
import { wayTo } from '../way.ts'
import { troubleOf } from './ports.ts'

/** A knows of no way; what is wrong with one of its interfaces says why. */
export function noRoute({ a, pair, way }: Case): Obstacle | undefined {
  if (way !== undefined) return undefined
  const { address } = pair.destination
  return (
    troubleOfRoutes(a.attachments, address) ?? {
      ...{ cause: 'no-route', said: `${a.name} has no route to ${address}` },
      fix: [`nsenter --net=${a.netns} ip route show`],
    }
  )
}

/** B knows of no way back. */
export async function noWayBack({ patient, a, b, way }: Case): Promise<Obstacle | undefined> {
  if (b.kind !== 'container' || way === undefined) return undefined
  const back = await wayTo(patient.host, b.netns, b.name, way.from)
  if (back !== undefined) return undefined
  return (
    troubleOfRoutes(b.attachments, way.from) ?? {
      cause: 'no-way-back',
      said: `${b.name} has no route back to ${way.from} of ${a.name}`,
      fix: [`nsenter --net=${b.netns} ip ${way.from.includes(':') ? '-6 ' : ''}route show`],
    }
  )
}

/** A default route, or another one, that an interface should have and has not. */
function troubleOfRoutes(ports: readonly AttachmentSeen[], to: string): Obstacle | undefined {
  // Only whether there is a router counts.
  const byRouter = { dev: '', from: '', via: to }
  const explain = ports.filter(({ spec }) => (spec?.gateways.length ?? 0) + (spec?.routes.length ?? 0) > 0)
  return explain.map((port) => troubleOf(port, byRouter)).find((found) => found !== undefined)
}

/** The kernel of A sends by another interface than the one that is on the segment of B. */
export function otherInterface({ a, b, pair, way }: Case): Obstacle | undefined {
  const { meant, source, destination } = pair
  if (meant === undefined || way === undefined || meant === source) return undefined
  const wrong = troubleOf(meant, undefined)
  if (wrong !== undefined) return wrong
  const { address } = destination
  const via = way.via === undefined ? '' : ` to ${way.via}`
  const family = address.includes(':') ? '-6 ' : ''
  return {
    cause: 'other-interface',
    said: `${a.name} sends what is for ${address} by ${way.dev}${via}, and not by ${meant.marks.iface}, which is in the same place as ${b.name}`,
    fix: [
      `nsenter --net=${a.netns} ip ${family}route get ${address}`,
      `nsenter --net=${a.netns} ip ${family}route replace ${address} dev ${quote(meant.marks.iface)}`,
    ],
  }
}
