// Link-layer addresses that an end has in mind for the next one, and that are not the right ones (any more).
import { insideOf } from '../../doctor/attachments-seen.ts'
import { quote } from '../../system/command.ts'
import type { Case, Obstacle } from '../case.ts'
import type { ContainerEnd } from '../ends.ts'
import { neighbourOf, wayTo, type Way } from '../way.ts'
import { natAt } from './nat-at.ts'
import { isLogical } from './segment.ts'

/** An end sends to a MAC that the one it means does not have: an old entry, or somebody else has answered for the address. */
export async function wrongNeighbour(all: Case): Promise<Obstacle | undefined> {
  const { patient, a, b, pair, way } = all
  const { source, destination } = pair
  // OVN itself answers for addresses, and says what it does with a MAC that nobody has.
  if (source === undefined || way === undefined || isLogical(source)) return undefined
  const its = destination.port === undefined ? undefined : insideOf(destination.port)?.mac
  const right = way.via === undefined ? its : (await natAt(patient, source, way.via))?.gateway.mac
  const there = await compared(all, a, way, way.via ?? destination.address, right)
  if (there !== undefined || b.kind !== 'container' || way.via !== undefined) return there
  const back = await wayTo(patient.host, b.netns, b.name, way.from)
  return back === undefined || back.via !== undefined
    ? undefined
    : await compared(all, b, back, way.from, insideOf(source)?.mac)
}

async function compared(
  { patient }: Case,
  end: ContainerEnd,
  way: Way,
  address: string,
  right: string | undefined,
): Promise<Obstacle | undefined> {
  if (right === undefined) return undefined
  const known = await neighbourOf(patient.host, end.netns, end.name, way, address)
  if (typeof known !== 'object' || known.mac === right) return undefined
  return {
    cause: 'neighbour',
    said: `${end.name} sends what is for ${address} to the MAC ${known.mac}, and not to ${right}: an old entry, or somebody else has that address`,
    fix: [`nsenter --net=${end.netns} ip neighbour del ${address} dev ${quote(way.dev)}`],
  }
}
