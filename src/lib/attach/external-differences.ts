import { CommandFailed } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { InterfaceState } from '../net/ip-json.ts'
import { admissions, admitted } from './external-docker.ts'
import { readFilter, type Filter } from './external-filter.ts'
import { forwards } from './external-forwarding.ts'
import { routingTable, RULE_HOSTS, RULE_TABLE, type Leg } from './external-leg.ts'
import { readRouting, type Routing } from './external-routing.ts'

/** What the host has for all legs, as of one look. */
interface Outside {
  readonly routing: Routing
  readonly filters: ReadonlyMap<string, Filter | undefined | 'unreadable'>
  /** ovsd's rules in Docker's chain; undefined without the chain. */
  readonly admitted: readonly string[] | undefined
}

/**
 * What is missing on the host of each leg, in words, by the name of the leg's link; legs of which nothing is missing are
 * left out. Four processes for any number of legs, and one for each interface of the host that has some.
 */
export async function externalDifferences(
  host: Host,
  legs: readonly Leg[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  if (legs.length === 0) return new Map()
  const links = [...new Set(legs.map(({ link }) => link))]
  const [routing, rules, ...filters] = await Promise.all([
    readRouting(host.run, signal),
    admitted(host.run, signal),
    ...links.map((link) => seenFilter(host, link, signal)),
  ])
  const outside: Outside = { routing, admitted: rules, filters: new Map(links.map((link, i) => [link, filters[i]])) }
  return new Map(legs.map((leg) => [leg.end, missing(leg, outside)] as const).filter(([, words]) => words.length > 0))
}

/** Of one interface nothing may be visible: that is for those who have legs there to fail of, not for all containers. */
async function seenFilter(host: Host, link: string, signal?: AbortSignal): Promise<Filter | undefined | 'unreadable'> {
  try {
    return await readFilter(host.run, link, signal)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof CommandFailed) return 'unreadable'
    throw error
  }
}

function missing(leg: Leg, { routing, filters, admitted: rules }: Outside): readonly string[] {
  const { end, ip, link, gateway } = leg
  if (!linkExists(link)) return [`the host has no interface ${link}`]
  if (!linkExists(end)) return [`${end} is missing`]
  const filter = filters.get(link)
  if (filter === 'unreadable') return [`what nftables does about ${link} cannot be seen`]
  const table = routingTable(ip)
  const isRouter = filter?.closed === 'ip_forward=0' && forwards('all') === true
  return [
    ...(filter?.passages.some((one) => one.end === end && one.ip === ip) === true
      ? []
      : [`nftables does not let ${ip} through`]),
    ...(isRouter ? [`${link} is still closed, and the host forwards now`] : []),
    ...(forwards(link) === true ? [] : [`${link} does not forward`]),
    ...(forwards(end) === true ? [] : [`${end} does not forward`]),
    ...(routing.routes.has(`${ip} ${end} main`) ? [] : [`the host's route to ${ip} is missing`]),
    ...(routing.proxies.has(`${ip} ${link}`) ? [] : [`nobody answers for ${ip} on ${link}`]),
    ...(gateway === undefined || isRouted(leg, gateway, table, routing) ? [] : [`the way to ${gateway} is missing`]),
    ...(rules === undefined || admissions(leg, rules).length === 0 ? [] : [`Docker's firewall does not admit ${ip}`]),
  ]
}

const isRouted = ({ ip, link }: Leg, gateway: string, table: string, { routes, rules }: Routing): boolean =>
  routes.has(`default ${link} ${table} ${gateway}`) &&
  [RULE_HOSTS, RULE_TABLE].every((priority) => rules.has(`${ip} ${priority}`))

/** What is missing of a leg inside the container, in words. */
export function externalDifferencesInside(
  { inside, ip }: Leg,
  interfaces: ReadonlyMap<string, InterfaceState>,
): readonly string[] {
  const state = interfaces.get(inside)
  if (state === undefined) return [`there is no ${inside} inside`]
  return [
    ...(state.up ? [] : [`${inside} is down`]),
    ...(state.addresses.includes(`${ip}/32`) ? [] : [`${ip} is missing`]),
  ]
}
