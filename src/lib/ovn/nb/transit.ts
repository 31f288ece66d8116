// What joins networks by a transit network, looked at as a whole and put right as a whole.
import { Refused } from '../../errors.ts'
import { overlaps, parseNetwork, type Cidr } from '../../net/cidr.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { map, uuidOf } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { readPort, selectPorts } from './logical-port.ts'
import { readRouter, ROUTER_MARK, routerUuid, selectRouters, type LogicalRouter } from './logical-router.ts'
import type { PortAddress } from './logical-router.ts'
import {
  hostsOf,
  lineToShow,
  NETWORK_MARK,
  readSwitch,
  switchAt,
  SWITCH_COLUMNS,
  type LogicalSwitch,
} from './logical-switch.ts'
import { overlapping } from './network-router.ts'
import { expectRow, hasIds, isRow, mutate, type Change, type Ids } from '../../ovsdb/operations.ts'
import { isUsed, nextFree, noteUses } from './pools.ts'
import { memberPair, readMembers, type Member } from './transit-members.ts'
import type { TransitNet } from './transit-net.ts'
import { gatewayRows, gatewayUuid, joiningRows, memberRoutes, type JoinedRouters } from './transit-rows.ts'
import { dropRows, lacking, makeRows, selectWanted, type FoundRows, type WantedRow } from './wanted-rows.ts'

/** What is wanted of a transit network. */
export interface TransitWish {
  /** A network whose router is to be joined. */
  readonly member?: Member
  /** The host that is to have the gateway router, if none of the network's has it. */
  readonly chassis?: string
  /** A host that is about to use the network no more. */
  readonly leaving?: string
}

/** A transit network as it was found. */
export interface TransitSeen {
  readonly net: TransitNet
  readonly ls: LogicalSwitch
  /** Those of its members, and of who is to be one, whose routers are there, or are about to be made. */
  readonly members: readonly Member[]
  /** All rows of it that were found, wanted or not. */
  readonly found: FoundRows
  /** What is to be there. */
  readonly wanted: readonly WantedRow[]
  /** What the routers of the members have in it, or are to get. */
  readonly joined: JoinedRouters
  /** Marked rows that are not wanted: their tables' columns, and UUIDs. */
  readonly stale: readonly (readonly [table: string, column: string, uuids: readonly string[]])[]
}

const PARTS = [
  ['Logical_Router_Static_Route', 'static_routes', ['ip_prefix', 'nexthop', 'output_port', 'route_table']],
  ['NAT', 'nat', ['type', 'external_ip', 'logical_ip']],
] as const

/**
 * Looks at a transit network; undefined when its switch is gone, unless one is `expected`. Errors: Refused SubnetOverlaps, TransitSubnetMissing,
 * PoolExhausted; DatabaseUnreachable, DatabaseRefused.
 */
export async function readTransit(
  nb: Northbound,
  net: TransitNet,
  wish: TransitWish,
  expected?: LogicalSwitch,
): Promise<TransitSeen | undefined> {
  const before = (await switchAt(nb, net.ls)) ?? expected
  if (before === undefined) return undefined
  const all = withMember(readMembers(before.externalIds), wish.member)
  const names = [...new Set(all.map(({ router }) => router))]
  // Names of what joins the routers; whatever addresses they have.
  const joining = names.flatMap((name) => joiningRows(net, name, []))
  const marked = [hasIds({ [NETWORK_MARK]: net.id })]
  const [switches = [], routers = [], ...rest] = await nb.database.select([
    { table: 'Logical_Switch', where: isRow(net.ls), columns: SWITCH_COLUMNS },
    selectRouters([]),
    ...PARTS.map(([table, , columns]) => ({ table, where: marked, columns: ['_uuid', 'external_ids', ...columns] })),
    ...joining.map(({ table, uuid, row }) =>
      table === 'Logical_Switch_Port'
        ? selectPorts(isRow(uuid))
        : { table, where: isRow(uuid), columns: ['_uuid', ...Object.keys(row)] },
    ),
    ...selectWanted(gatewayRows(net, {}, [], new Map())),
  ])
  const ls = switches.map(readSwitch)[0] ?? expected
  if (ls === undefined) return undefined
  // Somebody was faster between the two looks.
  if (JSON.stringify(readMembers(ls.externalIds)) !== JSON.stringify(readMembers(before.externalIds)))
    return readTransit(nb, net, wish, expected)
  const found: FoundRows = new Map([...routers, ...rest.flat()].map((one) => [uuidOf(one['_uuid']), one]))
  const present = routers.map(readRouter)
  const isOwn = (name: string): boolean =>
    name === wish.member?.router ||
    present.some(({ uuid, externalIds }) => uuid === routerUuid(name) && externalIds[ROUTER_MARK] !== undefined)
  const members = all.filter(({ router }) => isOwn(router))
  if (wish.member !== undefined) refuseUnfit(net, wish.member, members)
  const joined = addressesOf(net, ls, [...new Set(members.map(({ router }) => router))], found)
  const options = optionsOf(net, ls, present, wish)
  const wanted = [
    // First of all: nothing leads over a port that is not there.
    ...[...joined].flatMap(([router, addresses]) => joiningRows(net, router, addresses)),
    ...memberRoutes(net, members, joined),
    ...(options === undefined ? [] : gatewayRows(net, options, members, joined)),
  ]
  const keep = new Set(wanted.map(({ uuid }) => uuid))
  const stale = PARTS.map(
    ([table, column], i) =>
      [table, column, (rest[i] ?? []).map((one) => uuidOf(one['_uuid'])).filter((uuid) => !keep.has(uuid))] as const,
  )
  return { net, ls, members, found, wanted, joined, stale }
}

const withMember = (members: readonly Member[], one: Member | undefined): readonly Member[] =>
  one === undefined ? members : [...members.filter(({ id }) => id !== one.id), one]

/** Options of the gateway router: who has it keeps it, unless that host uses the network no more. */
function optionsOf(
  net: TransitNet,
  ls: LogicalSwitch,
  routers: readonly LogicalRouter[],
  { chassis, leaving }: TransitWish,
): Ids | undefined {
  const now = routers.find(({ uuid }) => uuid === gatewayUuid(net))?.options
  const host = now?.['chassis']
  if (host !== undefined && host !== leaving && hostsOf(ls).includes(host)) return now
  return chassis === undefined ? now : { ...now, chassis }
}

/** The addresses that routers have in it, and those that new ones get. Error: PoolExhausted. */
function addressesOf(net: TransitNet, ls: LogicalSwitch, routers: readonly string[], found: FoundRows): JoinedRouters {
  const joined = new Map<string, readonly PortAddress[]>()
  const had = routers.flatMap((router) => {
    const [, onSwitch] = joiningRows(net, router, [])
    const row = onSwitch && found.get(onSwitch.uuid)
    return row === undefined ? [] : [[router, readPort(row).ips] as const]
  })
  const kept = new Map(had)
  const taken = [...kept.values()].flat().map(({ bits }) => bits)
  for (const router of routers)
    joined.set(
      router,
      net.subnets.map(({ pool, cidr }) => {
        const has = (kept.get(router) ?? []).find(({ family }) => family === pool.family)
        const ip = has ?? nextFree(ls.externalIds, { ...pool, kept: [...pool.kept, ...taken] })
        if (ip === undefined)
          throw new Refused(
            'PoolExhausted',
            `The transit network ${net.name} has no address left: all of ${pool.text} are in use.`,
            {
              next: `See who has them: ${lineToShow(net.switchName)}`,
            },
          )
        taken.push(ip.bits)
        return { ip, prefix: cidr.prefix }
      }),
    )
  return joined
}

/** What a member may not be. Errors: SubnetOverlaps, TransitSubnetMissing. */
function refuseUnfit(net: TransitNet, member: Member, members: readonly Member[]): void {
  const taken: readonly (readonly [Cidr, string])[] = [
    ...net.subnets.map(({ cidr }) => [cidr, 'is its own'] as const),
    ...net.outside.map(({ gateway, address, prefix }) => {
      const cidr = { ip: address, prefix, text: `${address.text}/${String(prefix)}` }
      return [cidr, `leads to ${gateway.text}`] as const
    }),
    ...members
      .filter(({ id }) => id !== member.id)
      .flatMap(({ name, router, subnets }) =>
        subnets.map(
          (text) => [parseNetwork(text, 'subnet'), `is that of the network ${name} behind ${router}`] as const,
        ),
      ),
  ]
  for (const text of member.subnets) {
    const cidr = parseNetwork(text, 'subnet')
    const [other, what] = taken.find(([one]) => overlaps(one, cidr)) ?? []
    if (other !== undefined && what !== undefined)
      throw overlapping(cidr, `in the transit network ${net.name}, ${other.text} ${what}`)
    if (!net.subnets.some((one) => one.cidr.ip.family === cidr.ip.family))
      throw new Refused(
        'TransitSubnetMissing',
        `The transit network ${net.name} has no subnet of IPv${String(cidr.ip.family)}, which ${text} could be reached by.`,
        { next: 'Leave that subnet out, or make the transit network with one of each IP version.' },
      )
  }
}

/** Rows that one transaction makes at most: whoever changes the transit network meanwhile lets all of it begin again. */
const AT_ONCE = 150

/** Whether everything is as it is to be. */
export const isJoinedUp = (seen: TransitSeen, { member }: TransitWish): boolean =>
  lacking(seen.wanted, seen.found).length === 0 &&
  unnoted(seen, []).length === 0 &&
  seen.stale.every(([, , uuids]) => uuids.length === 0) &&
  (member === undefined || isMember(seen.ls, member))

/** Addresses of ports that are there, or are among these rows, of which the switch does not know yet. */
const unnoted = ({ ls, joined, found, net }: TransitSeen, rows: readonly WantedRow[]): readonly IpAddress[] =>
  [...joined].flatMap(([router, addresses]) => {
    const [, onSwitch] = joiningRows(net, router, [])
    const isThere =
      onSwitch !== undefined && (found.has(onSwitch.uuid) || rows.some(({ uuid }) => uuid === onSwitch.uuid))
    return isThere ? addresses.map(({ ip }) => ip).filter((ip) => !isUsed(ls.externalIds, ip)) : []
  })

const isMember = ({ externalIds }: LogicalSwitch, member: Member): boolean =>
  Object.entries(memberPair(member)).every(([key, value]) => externalIds[key] === value)

/**
 * Changes that bring a transit network nearer to what it is to be: all of it, up to some 150 rows; whoever calls it looks again until
 * isJoinedUp. They fail, as a Conflict, when its members, its hosts or its addresses have changed since.
 */
export function settleTransit(seen: TransitSeen, { member }: TransitWish): readonly Change[] {
  const { ls, found, wanted, stale } = seen
  const rows = lacking(wanted, found).slice(0, AT_ONCE)
  const pairs: Ids = member === undefined || isMember(ls, member) ? {} : memberPair(member)
  const keys = Object.keys(pairs)
  return [
    expectSwitch(ls),
    ...noteUses(ls.uuid, ls.externalIds, { take: unnoted(seen, rows) }),
    ...(keys.length === 0
      ? []
      : [
          mutate(
            ...(['Logical_Switch', isRow(ls.uuid)] as const),
            ...[['external_ids', 'delete', ['set', keys]] as const, ['external_ids', 'insert', map(pairs)] as const],
          ),
        ]),
    ...makeRows(rows, found),
    ...stale.flatMap(([, column, uuids]) => dropRows('Logical_Router', column, uuids)),
  ]
}

const expectSwitch = ({ uuid, externalIds }: LogicalSwitch): Change =>
  expectRow('Logical_Switch', isRow(uuid), { external_ids: map(externalIds) })
