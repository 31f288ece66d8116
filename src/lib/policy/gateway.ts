import type { WantedWish } from '../labels/wishes.ts'
import { contains, type Cidr } from '../net/cidr.ts'
import { width, type Family } from '../net/ip-address.ts'
import type { Policy, Rule } from './policy.ts'

/** What the rule `gateway` is about beside the label of that name, in words. */
export const AS_GATEWAY = 'routes wider than /8 (IPv6: /16)'

/** Networks of these prefix lengths are a part of the world; what is wider leads to so much of it that it is a gateway. */
const PART: Readonly<Record<Family, number>> = { 4: 8, 6: 16 }

/** What leads somewhere: of labels, or of a network. */
interface Leading {
  readonly request: Pick<WantedWish['request'], 'routes' | 'addresses'>
  readonly network?: WantedWish['network']
}

/**
 * What of routes the rule `gateway` forbids. 0.0.0.0/1 and 128.0.0.0/1 are a gateway by another name, as is a sufficient
 * number of narrower ones; and so is an address whose own network is that wide, which leads there without a router.
 */
export function judgeGateway(
  { rules: { gateway } }: Policy,
  { request: { routes, addresses }, network }: Leading,
): readonly (readonly [Rule, 'ip_address' | 'routes', string | undefined])[] {
  if (gateway) return []
  const own = widest(addresses)
  // The subnets of a network are none of the labels' choice; but routes are added to them.
  const subnets = network?.found?.spec.subnets.map(({ cidr }) => cidr) ?? []
  const all =
    own ?? (routes.length === 0 ? undefined : widest([...addresses, ...subnets, ...routes.map(({ to }) => to)]))
  const key = own === undefined ? 'routes' : 'ip_address'
  return [
    [
      'gateway',
      key,
      all &&
        `a gateway is not allowed, and ${all.text} is as good as one; so are all ${AS_GATEWAY}, and two of /8 together.`,
    ],
  ]
}

/** The widest of networks that together lead as far as a gateway; undefined when they do not. */
const widest = (networks: readonly Cidr[]): Cidr | undefined =>
  ([4, 6] as const).map((family) => widestOf(family, networks)).find((found) => found !== undefined)

function widestOf(family: Family, networks: readonly Cidr[]): Cidr | undefined {
  const sorted = networks.filter(({ ip }) => ip.family === family).toSorted(byPlace)
  let last: Cidr | undefined
  let found: Cidr | undefined
  let parts = 0
  for (const one of sorted) {
    // It leads nowhere where the one before does not.
    if (last !== undefined && contains(last, one.ip)) continue
    last = one
    parts += 2 ** (PART[family] - one.prefix)
    if (found === undefined || one.prefix < found.prefix) found = one
  }
  return parts >= 2 ? found : undefined
}

/** Where a network begins; a wide one before the narrow ones in it. */
function byPlace(one: Cidr, other: Cidr): number {
  const [begin, otherBegin] = [beginning(one), beginning(other)]
  return begin === otherBegin ? one.prefix - other.prefix : begin < otherBegin ? -1 : 1
}

function beginning({ ip, prefix }: Cidr): bigint {
  const host = BigInt(width(ip.family) - prefix)
  return (ip.bits >> host) << host
}
