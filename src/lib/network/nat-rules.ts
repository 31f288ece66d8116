// What the host's firewall does about nat networks, as nftables has it (nft(8)). nat-iptables.ts says the same for hosts
// without nft.
import { GATEWAY_GROUP, LEG_GROUP } from '../attach/external-leg.ts'
import { fnv1a64 } from '../net/hash.ts'
import type { Gateway, GatewaySide } from './gateway.ts'
import { nftPublished } from './nat-published.ts'
import type { Publication } from './publications.ts'

/** An interface of the host that did not forward before; `before` is what the host did then, `ip_forward=0` or 1. */
export interface Closed {
  readonly link: string
  readonly before: string
}

export interface Rule {
  readonly chain: string
  readonly text: string
  /** What has to be remembered as long as the rule is there. */
  readonly closed?: Closed
}

/** What else the rules depend on. */
export interface Guarded {
  readonly closed: readonly Closed[]
  /** The host did not forward IPv6 before. */
  readonly isIpv6Closed: boolean
  /** Gateway links on the host that no network which can be read has: those of damaged records. */
  readonly strays: readonly string[]
  /** The kernel shows frames that a Linux bridge carries to the firewall (br_netfilter). */
  readonly seesBridged: boolean
  /** Ports of endpoints that the host answers for. */
  readonly published: readonly Publication[]
}

/**
 * The comment of a rule: by its digest a rule is known without comparing what different versions of the tools make of its
 * words. What it remembers follows; an interface's name has no slash.
 */
export function commentOf({ chain, text, closed }: Rule): string {
  const memory = closed === undefined ? '' : `/${closed.link}/${closed.before}`
  return `ovsd/${fnv1a64(`${chain} ${text}`)}${memory}`
}

/** What a comment remembers. */
export function closedIn(comment: string): readonly Closed[] {
  const [, , link, before] = comment.split('/')
  return link === undefined || before === undefined ? [] : [{ link, before }]
}

const SPELLED = { 4: 'ip', 6: 'ip6' } as const
const FAMILIES = [4, 6] as const

const quoted = (link: string): string => `"${link}"`
const anyOf = (words: readonly string[]): string => `{ ${[...new Set(words)].join(', ')} }`

/** Gateways that belong together: those with one tenant; each without a tenant is alone. */
export function friendships(gateways: readonly Gateway[]): readonly (readonly Gateway[])[] {
  const named = gateways.filter(({ tenant }) => tenant !== undefined)
  return [
    ...Map.groupBy(named, ({ tenant }) => tenant).values(),
    ...gateways.filter(({ tenant }) => tenant === undefined).map((one) => [one]),
  ]
}

/**
 * The rules, chain by chain:
 *  - arriving at the host, or asked for by itself: published ports lead to their endpoints (nat-published.ts);
 *  - entering the host from a network: not under an address of another network, and not for another network's gateway,
 *    which nobody else is there for either;
 *  - passing through the host: from a network only what has its addresses; between networks only those of one tenant; to a
 *    network only answers, and to what is published there; nothing from or to a gateway that no readable record tells of; and where the host did not
 *    forward before, nothing else, but what other bridges carry;
 *  - leaving: under the host's address.
 */
export function nftRules(
  gateways: readonly Gateway[],
  { closed, isIpv6Closed, strays, published }: Guarded,
): readonly Rule[] {
  if (gateways.length === 0)
    return strays.length === 0
      ? []
      : [`${FROM_GATEWAY} drop`, `${TO_GATEWAY} drop`].map((text) => ({ chain: 'passing', text }))
  const links = anyOf(gateways.map(({ link }) => quoted(link)))
  const rules = (chain: string, texts: readonly string[]): readonly Rule[] => texts.map((text) => ({ chain, text }))
  const ports = nftPublished(published)
  return [
    ...rules('arriving', ports.arriving),
    ...rules('calling', ports.calling),
    ...rules('published', ports.published),
    ...rules('entering', [
      ...ports.entering,
      ...eachSide(gateways, (ip, { subnet }, { link }) => `iifname "${link}" ${ip} saddr ${subnet} goto doors`),
      ...eachFamily(
        gateways,
        (ip, sides) => `iifname ${links} ${ip} saddr ${anyOf(sides.map(({ subnet }) => subnet))} drop`,
      ),
      `iifname ${links} goto doors`,
      ...eachFamily(
        gateways,
        (ip, sides) => `${FROM_GATEWAY} ${ip} saddr ${anyOf(sides.map(({ subnet }) => subnet))} drop`,
      ),
      ...eachFamily(gateways, (ip, sides) => `iifname != "lo" ${ip} daddr ${anyOf(sides.map((side) => side.ip))} drop`),
    ]),
    // On a userspace bridge the host hears on the links of its ports, too, and would answer there for any address it has.
    ...rules(
      'answering',
      gateways.flatMap(({ link, sides }) =>
        sides.flatMap(({ family, ip }) => (family === 4 ? [`iifname != "${link}" arp daddr ip ${ip} drop`] : [])),
      ),
    ),
    ...rules('doors', [
      ...friendships(gateways).flatMap((friends) =>
        eachFamily(friends, (ip, sides) => {
          const from = anyOf(friends.map(({ link }) => quoted(link)))
          return `iifname ${from} ${ip} daddr ${anyOf(sides.map((side) => side.ip))} accept`
        }),
      ),
      ...eachFamily(gateways, (ip, sides) => `${ip} daddr ${anyOf(sides.map((side) => side.ip))} drop`),
    ]),
    ...rules('passing', [
      ...gateways.flatMap(({ link, sides }) =>
        FAMILIES.map((family) => {
          const own = sides.find((side) => side.family === family)
          const from =
            own === undefined ? `meta nfproto ipv${String(family)}` : `${SPELLED[family]} saddr != ${own.subnet}`
          return `iifname "${link}" ${from} drop`
        }),
      ),
      `${FROM_GATEWAY} iifname != ${links} drop`,
      ...ports.passing(links),
      ...friendships(gateways)
        .filter((friends) => friends.length > 1)
        .map((friends) => anyOf(friends.map(({ link }) => quoted(link))))
        .map((friends) => `iifname ${friends} oifname ${friends} accept`),
      `iifname ${links} oifname ${links} drop`,
      ...ports.ended(links),
      `oifname ${links} ct state established,related accept`,
      `oifname ${links} drop`,
      `${TO_GATEWAY} drop`,
      ...(closed.length > 0 || isIpv6Closed ? ['meta iifkind "bridge" meta oifkind "bridge" jump bridged'] : []),
      ...(isIpv6Closed ? [`meta nfproto ipv6 iifname != ${links} drop`] : []),
    ]),
    ...rules('bridged', closed.length > 0 || isIpv6Closed ? BRIDGED : []),
    ...closed.map((one): Rule => ({
      chain: 'passing',
      // Legs have a guard of their own.
      text: `meta nfproto ipv4 iifname "${one.link}" oifgroup != ${String(LEG_GROUP)} drop`,
      closed: one,
    })),
    ...rules('leaving', [
      ...ports.leaving,
      `oifname ${links} return`,
      ...eachSide(gateways, (ip, { subnet }) => `${ip} saddr ${subnet} ${ip} daddr != ${subnet} masquerade`),
    ]),
  ]
}

/** By their group, which they have whatever becomes of the record: rules for a damaged network cannot name its link. */
const FROM_GATEWAY = `iifgroup ${String(GATEWAY_GROUP)}`
const TO_GATEWAY = `oifgroup ${String(GATEWAY_GROUP)}`

/**
 * Lets pass what comes in and goes out by one bridge: with br_netfilter the frames that a Linux bridge carries pass here, too,
 * and are no concern of these networks. nft cannot compare the two interfaces (before Linux 6.13), nor see here that a frame
 * is bridged, so their indexes are compared bit by bit; an index is a positive number of 31 bits. What the host routes back
 * into the bridge it came from is let pass with them; those two reach each other on the bridge anyway.
 */
const BRIDGED: readonly string[] = [
  ...Array.from({ length: 31 }, (_, i) => String(2 ** i)).flatMap((bit) => [
    `meta iif & ${bit} == ${bit} meta oif & ${bit} == 0 return`,
    `meta iif & ${bit} == 0 meta oif & ${bit} == ${bit} return`,
  ]),
  'accept',
]

/** One rule for each subnet. */
const eachSide = (
  gateways: readonly Gateway[],
  rule: (ip: string, side: GatewaySide, gateway: Gateway) => string,
): readonly string[] =>
  gateways.flatMap((gateway) => gateway.sides.map((side) => rule(SPELLED[side.family], side, gateway)))

/** One rule for all subnets of an IP version. */
const eachFamily = (
  gateways: readonly Gateway[],
  rule: (ip: string, sides: readonly GatewaySide[]) => string,
): readonly string[] =>
  FAMILIES.flatMap((family) => {
    const sides = gateways.flatMap((gateway) => gateway.sides.filter((side) => side.family === family))
    return sides.length === 0 ? [] : [rule(SPELLED[family], sides)]
  })
