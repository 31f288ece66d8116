// An external address (docs/decisions/0008): what a set-up, a repair and a tear-down do about it. Made and removed through
// leg and table beside the bridge; the recipes of attachments add these steps to theirs.
import type { Target } from '../attach/attachment.ts'
import { admitted } from '../attach/external-docker.ts'
import { filteredLinks, readFilter, type Filter } from '../attach/external-filter.ts'
import { legOf, type Leg, type LegKey } from '../attach/external-leg.ts'
import { lookAtSite, type Site } from '../attach/external-site.ts'
import { refuseExternalTaken } from '../attach/external-taken.ts'
import type { Marks } from '../attach/marks.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { ExternalAddress } from '../net/external.ts'
import { aliasOf, linkExists } from '../net/links.ts'
import type { Netns } from '../system/netns.ts'
import { forgetInside } from './external-inside.ts'
import type { ReversibleStep } from './step.ts'
import { externalAdmit } from './steps/external-admit.ts'
import { externalFilter } from './steps/external-filter.ts'
import { externalLink } from './steps/external-link.ts'
import { externalProbe } from './steps/external-probe.ts'
import { externalRemove, seeLegs, type LegToRemove } from './steps/external-remove.ts'
import { externalRepair } from './steps/external-repair.ts'
import { externalRoute } from './steps/external-route.ts'
import { linkRemove } from './steps/link-remove.ts'

/** A leg that is wanted, with what its steps have to know of the host. */
export interface PreparedLeg {
  readonly external: ExternalAddress
  readonly leg: Leg
  readonly site: Site
  readonly filter: Filter | undefined
  /** Whether Docker's firewall is there. */
  readonly docker: boolean
  /** A killed run, or an earlier life of the container, left the leg's link. */
  readonly leftover: boolean
}

interface Wanted {
  readonly target: Target
  readonly iface: string
}

/**
 * Looks whether the host can have this leg, before anything changes. `except` are the ports of the attachment itself, or
 * that it replaces. Errors: AddressInUse, ExternalInterfaceMissing, ExternalInterfaceUnfit, LinkNameTaken.
 */
export async function prepareExternal(
  host: Host,
  { target, iface }: Wanted,
  external: ExternalAddress,
  except: readonly string[],
): Promise<PreparedLeg> {
  const leg = legOf(target.id, iface, external)
  const [site, filter, rules, leftover] = await Promise.all([
    lookAtSite(host, external, leg.end),
    readFilter(host.run, external.link),
    admitted(host.run),
    leftoverLink(host, leg),
    refuseExternalTaken(host, external, except),
  ])
  return { external, leg, site, filter, docker: rules !== undefined, leftover }
}

async function leftoverLink(host: Host, { end, alias }: Leg): Promise<boolean> {
  if (!linkExists(end)) return false
  if ((await aliasOf(host.run, end)) === alias) return true
  throw new Refused('LinkNameTaken', `The host has a link ${end} whose name is needed.`, {
    next: `Look at it: ip -details link show dev ${end}`,
  })
}

/** The stages that give a container its external address; to be run after its interface works. */
export function externalSteps(
  host: Host,
  { target }: Pick<Wanted, 'target'>,
  netns: Netns,
  prepared: PreparedLeg,
): readonly (readonly ReversibleStep[])[] {
  const { external, leg, site, filter, docker, leftover } = prepared
  return [
    ...(leftover ? [[linkRemove(host, [leg.end])]] : []),
    [externalProbe(host, external, site), externalFilter(host, leg, filter)],
    [externalLink(host, leg, target, netns, site), ...(docker ? [externalAdmit(host, leg)] : [])],
    [externalRoute(host, leg, site)],
  ]
}

/** Puts back what is missing of the leg of a living attachment, without touching what works. */
export function externalRepairStep(
  host: Host,
  { target }: Pick<Wanted, 'target'>,
  netns: Netns,
  prepared: PreparedLeg,
  wrong: readonly string[],
): ReversibleStep {
  const { leg, site, filter, docker } = prepared
  const steps = [
    externalFilter(host, leg, filter),
    externalLink(host, leg, target, netns, site),
    ...(docker ? [externalAdmit(host, leg)] : []),
    externalRoute(host, leg, site),
  ]
  return externalRepair(leg, steps, wrong)
}

/** What the marks of a row say of an attachment that may have a leg. */
export type MarksOfLeg = Pick<Marks, 'id' | 'iface' | 'netns' | 'generation'> & {
  readonly external?: ExternalAddress | undefined
}

/** The steps that remove the legs of attachments, whatever is left of their containers and links; none without legs. */
export async function externalRemoval(host: Host, rows: readonly MarksOfLeg[]): Promise<readonly ReversibleStep[]> {
  const legs = rows.flatMap((marks): LegToRemove[] => {
    if (marks.external === undefined) return []
    const leg = legOf(marks.id, marks.iface, marks.external)
    return [{ ...leg, forget: (signal) => forgetInside(host, marks, leg, signal) }]
  })
  return legs.length === 0 ? [] : [externalRemove(host, legs, await seeLegs(host, legs))]
}

/** Legs that the host has and no row of `known` asks for: of a removal that was killed, or whose row somebody deleted. */
export async function strayLegs(host: Host, known: readonly MarksOfLeg[]): Promise<readonly LegKey[]> {
  const ends = new Set(
    known.flatMap(({ id, iface, external }) => (external === undefined ? [] : [legOf(id, iface, external).end])),
  )
  const links = await filteredLinks(host.run)
  const filters = await Promise.all(links.map((link) => readFilter(host.run, link)))
  return links.flatMap((link, i) =>
    (filters[i]?.passages ?? []).filter(({ end }) => !ends.has(end)).map((passage) => ({ ...passage, link })),
  )
}

/** The steps that remove legs which are known by their records on the host only. */
export const strayRemoval = async (host: Host, legs: readonly LegKey[]): Promise<readonly ReversibleStep[]> =>
  legs.length === 0 ? [] : [externalRemove(host, legs, await seeLegs(host, legs))]
