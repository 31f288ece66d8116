// What nat networks have on the host together: rules of the firewall, forwarding, and room in Docker's firewall. All of it
// follows from the networks that there are, so it is always changed from whatever it is to what it should be.
import { filteredLinks, readFilter } from '../attach/external-filter.ts'
import { forwards } from '../attach/external-forwarding.ts'
import { answers } from '../attach/external-answers.ts'
import { GATEWAY_GROUP, LEG_GROUP } from '../attach/external-leg.ts'
import { ToolMissing } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Family } from '../net/ip-address.ts'
import type { Command } from '../system/command.ts'
import { hasFamily, type Gateway } from './gateway.ts'
import { ipv6Forwarder, turnIpv6Forwarding } from './ipv6-forwarding.ts'
import { lookOf } from './look.ts'
import { dockerChanges, dockerRules, wantedOfDocker } from './nat-docker.ts'
import { readFirewall, type Firewall } from './nat-firewall.ts'
import { guardedFor } from './nat-guarded.ts'
import type { Closed, Guarded } from './nat-rules.ts'
import { loopsOf, turnLoops, type Loops } from './nat-loops.ts'
import { publicationsOf, type PortsToBe } from './publications.ts'
import { waysOut } from './ways-out.ts'

const FAMILIES = [4, 6] as const

/** The gateways that there are to be, and whether any of their networks was there before. */
export interface NatWish {
  readonly gateways: readonly Gateway[]
  readonly hadSome: boolean
  /** The gateway link that goes with this change, so that it is not taken for one whose record is damaged. */
  readonly going?: string
  /** What an endpoint is to have published, before its marks say so. */
  readonly ports?: PortsToBe
}

/** What there is, and what it should be, as of one look. */
export interface NatSeen {
  readonly wish: NatWish
  readonly firewall: Firewall
  readonly guarded: Guarded
  /** Interfaces that have to forward, and that must not any more. */
  readonly toOpen: readonly string[]
  readonly toClose: readonly string[]
  readonly ipv6: 'right' | 'off' | 'on'
  /** Links of external addresses, which the guard lets pass by their group. */
  readonly ends: readonly string[]
  readonly docker: readonly Command[]
  /** Gateway links by which 127.0.0.1 has to lead to published ports, and by which it must not any more. */
  readonly loops: Loops
}

const gatewayLinks = lookOf((run) =>
  answers<{ readonly ifname?: string }>(
    run,
    ['link', 'show', 'group', String(GATEWAY_GROUP)],
    undefined,
    /does not exist/,
  ),
)

/**
 * The gateway links that are on the host although none of these networks has them. Only looked for where the rules depend on
 * it: nftables knows them by their group, as long as there are rules at all.
 */
async function straysOf(host: Host, { gateways, going }: NatWish, firewall: Firewall): Promise<readonly string[]> {
  if (gateways.length > 0 && firewall.name === 'nftables') return []
  const known = new Set([...gateways.map(({ link }) => link), going])
  const links = await gatewayLinks(host.run)
  // ip prints an empty object for each link that is not of the group.
  const strays = links.flatMap(({ ifname }) => (ifname === undefined || known.has(ifname) ? [] : [ifname])).sort()
  // Links of bridges outlive an ovs-vswitchd that was killed and a database that was emptied: nobody is behind them.
  const rows = await host.ovs.interfaces(strays.map((name) => ({ name })))
  return strays.filter((_, i) => (rows[i] ?? []).length > 0)
}

/** Looks at the host. Errors: ToolMissing (neither nft nor iptables), CommandFailed. */
export async function lookAtNat(host: Host, wish: NatWish): Promise<NatSeen> {
  const { gateways } = wish
  const { run } = host
  const [firewall, docker4, docker6, published] = await Promise.all([
    ...([readFirewall(run), dockerRules[4](run), dockerRules[6](run)] as const),
    publicationsOf(host, gateways, wish.ports),
  ])
  const own = new Set(gateways.map(({ link }) => link))
  const ways = async (family: Family, isNeeded: boolean): Promise<readonly string[]> =>
    isNeeded && hasFamily(gateways, family) ? (await waysOut[family](run)).filter((link) => !own.has(link)) : []
  const [ways4, ways6] = await Promise.all([ways(4, true), ways(6, docker6 !== undefined)])
  const strays = await straysOf(host, wish, firewall)
  const isLost = wish.hadSome && firewall.isEmpty
  const doubtful = ways4.filter((link) => forwards(link) === true && !firewall.closed.some((one) => one.link === link))
  const isSettled = forwards('all') === true && !isLost
  const changes = !firewall.isFor(
    gateways,
    guardedFor(gateways, ways4, { own: firewall.closed, external: [], isLost, strays, published }),
  )
  const legs = changes || (doubtful.length > 0 && !isSettled) ? await externals(host) : { closed: [], ends: [] }
  const guarded = guardedFor(gateways, ways4, {
    own: firewall.closed,
    external: legs.closed,
    isLost,
    strays,
    published,
  })
  const wants6 = hasFamily(gateways, 6)
  const forwarder = ipv6Forwarder()
  const isOurs = firewall.isThere || wish.hadSome
  const stays = new Set([...ways4, ...legs.closed.map(({ link }) => link)])
  return {
    ...{ wish, firewall, guarded, ends: legs.ends },
    toOpen: guarded.closed.map(({ link }) => link).filter((link) => forwards(link) === false),
    toClose: hasFamily(gateways, 4) ? [] : closing(isLost ? await forgotten(host) : firewall.closed, stays),
    ipv6: wants6 ? (forwarder === 'nobody' ? 'off' : 'right') : forwarder === 'ovsd' && isOurs ? 'on' : 'right',
    loops: loopsOf(published, [...own, ...strays, ...(wish.going === undefined ? [] : [wish.going])]),
    docker: FAMILIES.flatMap((family) =>
      dockerChanges(
        family,
        wantedOfDocker(gateways, family, family === 4 ? ways4 : ways6, published),
        family === 4 ? docker4 : docker6,
      ),
    ),
  }
}

/** What ovsd may have opened, when the firewall has forgotten it: what forwards on a host that is no router. */
const forgotten = async ({ run }: Host): Promise<readonly Closed[]> =>
  forwards('all') === true ? [] : (await waysOut[4](run)).map((link) => ({ link, before: 'ip_forward=0' }))

/** What was opened and nobody needs any more; not what somebody has made the host a router of since. */
const closing = (closed: readonly Closed[], stays: ReadonlySet<string>): readonly string[] =>
  closed
    .filter(({ link, before }) => !stays.has(link) && !(before === 'ip_forward=0' && forwards('all') === true))
    .map(({ link }) => link)
    .filter((link) => forwards(link) === true)

/** The interfaces on which there are external addresses: those that were opened for them, and the ends of all legs. */
async function externals({
  run,
}: Host): Promise<{ readonly closed: readonly Closed[]; readonly ends: readonly string[] }> {
  try {
    const links = await filteredLinks(run)
    const filters = await Promise.all(links.map((link) => readFilter(run, link)))
    return {
      closed: filters.flatMap((filter, i) =>
        filter?.closed === undefined ? [] : [{ link: links[i] ?? '', before: filter.closed }],
      ),
      ends: filters.flatMap((filter) => (filter?.passages ?? []).map(({ end }) => end)),
    }
  } catch (error) {
    // Without nft there are no external addresses.
    if (error instanceof ToolMissing) return { closed: [], ends: [] }
    throw error
  }
}

/** What is not as it should be, in words. */
export function natDifferences(seen: NatSeen): readonly string[] {
  const { wish, firewall, guarded, toOpen, toClose, ipv6, docker, loops } = seen
  const isFor = firewall.isFor(wish.gateways, guarded)
  return [
    ...(isFor ? [] : [`the rules of ${firewall.name} ${firewall.isThere ? 'are others' : 'are missing'}`]),
    ...toOpen.map((link) => `${link} does not forward`),
    ...toClose.map((link) => `${link} still forwards`),
    ...(ipv6 === 'off' ? ['the host does not forward IPv6'] : ipv6 === 'on' ? ['the host still forwards IPv6'] : []),
    ...loops.toOpen.map((link) => `127.0.0.1 does not lead to what is published behind ${link}`),
    ...loops.toClose.map((link) => `127.0.0.1 still leads out by ${link}`),
    ...(docker.length > 0 ? ["Docker's firewall has other rules for it"] : []),
  ]
}

/**
 * The commands that make it so. What is to be closed comes before its guard goes, what is to be opened after it is there:
 * nothing is ever forwarded that was not before, and a run that is killed leaves its record.
 */
export function natCommands({
  wish,
  firewall,
  guarded,
  toOpen,
  toClose,
  ipv6,
  ends,
  docker,
  loops,
}: NatSeen): readonly Command[] {
  const present = ends.filter((end) => forwards(end) !== undefined)
  return [
    ...forwarding(toClose, false),
    ...turnLoops(loops.toClose, false),
    ...(ipv6 === 'on' ? [turnIpv6Forwarding(false)] : []),
    ...(present.length === 0 || wish.gateways.length === 0 ? [] : [grouped(present)]),
    ...(firewall.isFor(wish.gateways, guarded) ? [] : firewall.changeTo(wish.gateways, guarded)),
    ...forwarding(toOpen, true),
    ...turnLoops(loops.toOpen, true),
    ...(ipv6 === 'off' ? [turnIpv6Forwarding(true)] : []),
    ...docker,
  ]
}

const forwarding = (links: readonly string[], on: boolean): readonly Command[] =>
  links.length === 0
    ? []
    : [
        {
          tool: 'sysctl',
          // Slashes, because an interface name may have dots.
          args: ['-qw', ...links.map((link) => `net/ipv4/conf/${link}/forwarding=${on ? '1' : '0'}`)],
        },
      ]

/** Marks the links of external addresses that were made before there was a group for them. */
const grouped = (ends: readonly string[]): Command => ({
  tool: 'ip',
  args: ['-force', '-batch', '-'],
  input: ends.map((end) => `link set dev ${end} group ${String(LEG_GROUP)}\n`).join(''),
})
