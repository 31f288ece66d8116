import type { Host } from '../../host.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import type { ReversibleStep, Stages, Step } from '../step.ts'
import { gateway } from './gateway.ts'
import { mirror } from './mirror.ts'
import { overlay } from './overlay.ts'
import type { NetworkPart, Surroundings } from './part.ts'
import { router } from './router.ts'
import { transit } from './transit.ts'
import { tunnels } from './tunnels.ts'
import { uplink } from './uplink.ts'

/** Every part that networks may have, in the order in which they are made. */
const PARTS: readonly NetworkPart[] = [uplink, tunnels, overlay, router, transit, gateway, mirror]

const partsOf = (spec: NetworkSpec): readonly NetworkPart[] => PARTS.filter((part) => part.isOf(spec))

/** Whether a network has anything on the host beside its record. */
export const hasParts = (spec: NetworkSpec): boolean => partsOf(spec).length > 0

/** Plans all parts of a network. Errors: those of the parts. */
export async function makeParts(host: Host, spec: NetworkSpec, around: Surroundings): Promise<Stages<ReversibleStep>> {
  return (await Promise.all(partsOf(spec).map((part) => part.make(host, spec, around)))).flat()
}

/** What is missing of a network beside its record, in words. */
export async function missingOfParts(host: Host, spec: NetworkSpec, around: Surroundings): Promise<readonly string[]> {
  return (await Promise.all(partsOf(spec).map((part) => part.missing(host, spec, around)))).flat()
}

/** Who else needs a network, in words, besides what is attached to it. */
export async function usersOfParts(host: Host, spec: NetworkSpec): Promise<readonly string[]> {
  return (await Promise.all(partsOf(spec).map(async (part) => (await part.users?.(host, spec)) ?? [])))
    .flat()
    .toSorted()
}

/** Plans the removal of all parts of a network, the last one made first. */
export async function removeParts(
  host: Host,
  spec: NetworkSpec,
  around: Surroundings,
): Promise<Stages<Step & { readonly leaves: string }>> {
  const removals = await Promise.all(partsOf(spec).map((part) => part.remove(host, spec, around)))
  return removals.toReversed().flat()
}
