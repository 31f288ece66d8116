// The lines of `ip -batch` that move the addresses and routes of a NIC to its bridge's own port, and back. What is added
// comes before what it replaces goes, so that there is no moment without: an IPv4 route is put before its twin, an IPv6 one
// beside it, never in the place of one, because "replace" takes the first of equal metric, whose interface that may be.
import type { Nic } from '../net/nic.ts'
import type { NicRoute } from '../net/nic-routes.ts'
import type { Command } from '../system/command.ts'
import { addressKey, routesOf, type Moved } from './uplink-record.ts'
import type { UplinkPlace } from './uplink-vlans.ts'

/** An interface as it is now. */
export interface Seen {
  readonly nic: Nic | undefined
  readonly routes: readonly NicRoute[]
}

export const ipBatch = (lines: readonly string[]): Command => ({
  tool: 'ip',
  args: ['-batch', '-'],
  input: `${lines.join('\n')}\n`,
})

const has = (nic: Nic | undefined, words: string): boolean =>
  nic?.addresses.some(({ key }) => key === addressKey(words)) === true

const isIpv6 = (words: string): boolean => addressKey(words).includes(':')

/** Routes to routers after those to their subnets: each needs the one before it. */
const nearFirst = (routes: readonly NicRoute[]): readonly NicRoute[] => [
  ...routes.filter(({ isFar }) => !isFar),
  ...routes.filter(({ isFar }) => isFar),
]

const addRoutes = (routes: readonly NicRoute[], there: readonly NicRoute[], dev: string): readonly string[] =>
  nearFirst(routes.filter((one) => !there.some((other) => isSame(one, other)))).map(
    ({ family, words }) => `route ${family === 4 ? 'prepend' : 'append'} ${words} dev ${dev}`,
  )

const delRoutes = (routes: readonly NicRoute[], dev: string): readonly string[] =>
  nearFirst(routes)
    .toReversed()
    .map(({ key }) => `route del ${key} dev ${dev}`)

const isSame = (a: NicRoute, b: NicRoute): boolean => a.family === b.family && a.key === b.key

/**
 * The bridge's own port gets the addresses, and the NIC keeps them: whichever the frames come by, the host answers. Their
 * routes are moved later, each by itself, so the kernel makes none; and nobody else can have an address that we have.
 */
export function addressLines({ bridge }: UplinkPlace, { addresses }: Moved, now: Seen): readonly string[] {
  const wanted = addresses
    .filter((words) => !has(now.nic, words))
    .map((words) => words.replace(/ label \S+/, '').replaceAll(/ (nodad|noprefixroute)\b/g, ''))
  const up = now.nic?.isUp === true ? [] : [`link set dev ${bridge} up`]
  return [
    ...up,
    ...oldestFirst(wanted).map((words) => `address add ${words} dev ${bridge} noprefixroute${noDad(words)}`),
  ]
}

const noDad = (words: string): string => (isIpv6(words) ? ' nodad' : '')

/** The kernel lists IPv4 addresses in the order in which they came, and IPv6 addresses the other way round. */
const oldestFirst = (addresses: readonly string[]): readonly string[] => [
  ...addresses.filter((words) => !isIpv6(words)),
  ...addresses.filter(isIpv6).toReversed(),
]

/** The NIC's routes go to the bridge's own port; then its addresses go from the NIC. */
export function moveLines({ bridge, uplink }: UplinkPlace, moved: Moved, nic: Seen, local: Seen): readonly string[] {
  return [
    ...addRoutes(nic.routes, local.routes, bridge),
    ...delRoutes(nic.routes, uplink),
    // The last first: with a primary address the kernel takes all others of its subnet.
    ...moved.addresses
      .filter((words) => has(nic.nic, words))
      .toReversed()
      .map((words) => `address del ${addressKey(words)} dev ${uplink}`),
  ]
}

/** The NIC gets its addresses back, as they were; the kernel makes routes with them. */
export function addressesBackLines({ uplink }: UplinkPlace, { addresses }: Moved, nic: Seen): readonly string[] {
  const missing = addresses.filter((words) => !has(nic.nic, words))
  return oldestFirst(missing).flatMap((words) =>
    isIpv6(words) && !/ nodad\b/.test(words)
      ? // Usable at once, and without the flag afterwards: a change does not have the kernel ask who else has it.
        [`address add ${words} dev ${uplink} nodad`, `address change ${words} dev ${uplink}`]
      : [`address add ${words} dev ${uplink}`],
  )
}

/** The NIC gets its other routes back, and the bridge's own port loses all of them. */
export function routesBackLines(
  { bridge, uplink }: UplinkPlace,
  moved: Moved,
  nic: Seen,
  local: Seen,
): readonly string[] {
  const recorded = routesOf(moved)
  const leaving = local.routes.filter((one) => recorded.some((other) => isSame(one, other)))
  return [...(nic.nic === undefined ? [] : addRoutes(recorded, nic.routes, uplink)), ...delRoutes(leaving, bridge)]
}

/** Everything that gives the NIC back what it had, as it is shown: nothing is looked at in between. `local` is the bridge's port. */
export function backCommands(place: UplinkPlace, moved: Moved, local: Seen): readonly Command[] {
  // These the kernel makes with the addresses.
  const made = routesOf(moved).filter(({ words }) => /\bproto kernel\b/.test(words))
  return [
    addressesBackLines(place, moved, { nic: undefined, routes: [] }),
    routesBackLines(place, moved, { nic: local.nic, routes: made }, local),
    clearLines(place, moved, local),
  ]
    .filter((lines) => lines.length > 0)
    .map(ipBatch)
}

/** The bridge's own port loses the addresses, and is as it was. */
export function clearLines({ bridge }: UplinkPlace, { addresses, localUp }: Moved, local: Seen): readonly string[] {
  if (local.nic === undefined) return []
  return [
    ...addresses
      .filter((words) => has(local.nic, words))
      .toReversed()
      .map((words) => `address del ${addressKey(words)} dev ${bridge}`),
    ...(!localUp && local.nic.isUp ? [`link set dev ${bridge} down`] : []),
  ]
}
