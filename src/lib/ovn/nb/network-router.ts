// The logical router of a network: which networks share one, and what may not meet there.
import { Refused } from '../../errors.ts'
import { overlaps, parseHostCidr, parseNetwork, type Cidr } from '../../net/cidr.ts'
import { derivedMac } from '../../net/mac.ts'
import { map, setOf, uuid as reference, uuidOf, type Json } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { linkRows, readRouter, ROUTER_MARK, routerUuid, selectRouters, type PortAddress } from './logical-router.ts'
import type { LogicalRouter } from './logical-router.ts'
import { NETWORK_MARK } from './logical-switch.ts'
import {
  erase,
  expectNone,
  expectRow,
  isRow,
  mutate,
  references,
  textOf,
  type Change,
  type Ids,
} from '../../ovsdb/operations.ts'
import { findWanted, lacking, makeRows, type FoundRows, type WantedRow } from './wanted-rows.ts'
import { membersOf, selectTransits } from './transit-members.ts'

/** What joins a network to its router. */
export interface NetworkRouter {
  /** Id of the network, and what it is called here. */
  readonly id: string
  readonly network: string
  /** UUID of its switch. */
  readonly ls: string
  /** Name of the router. */
  readonly router: string
  readonly tenant: string | undefined
  /** The gateways, with the prefix lengths of their subnets. */
  readonly addresses: readonly PortAddress[]
  readonly subnets: readonly Cidr[]
  /** Name of the transit network whose routes this network may use. */
  readonly transit: string | undefined
  /** What the router is to advertise to hosts of IPv6: that DHCP has addresses for them, and the MTU. */
  readonly advertises: { readonly mtu: number | undefined } | undefined
}

/** Only who comes from a network of that transit network finds its routes (ovn-nb(5), options:route_table of router ports). */
export const routeTable = (transit: string): string => `transit-${transit}`

/** Name of the router's port in a network, by the id of the network. */
export const routerPortName = (id: string): string => `lrp-${id.slice(0, 12)}`

/** The rows of a network's router: the router itself, which it may share, and the link to it. */
function rowsOf(wanted: NetworkRouter): readonly WantedRow[] {
  const { id, ls, router, tenant, addresses, transit, advertises } = wanted
  const ids = { ...(tenant === undefined ? {} : { tenant_id: tenant }) }
  const uuid = routerUuid(router)
  return [
    {
      ...{ table: 'Logical_Router', uuid, once: true },
      row: { name: router, external_ids: map({ [ROUTER_MARK]: '1', ...ids }) },
    },
    ...linkRows({
      ...{ router: uuid, ls, addresses, mac: derivedMac(id, 'router') },
      names: { onRouter: routerPortName(id), onSwitch: `router-${id.slice(0, 12)}` },
      marks: { [NETWORK_MARK]: id, network_id: id, ...ids },
      options: transit === undefined ? {} : { route_table: routeTable(transit) },
      advertises: advertises === undefined ? {} : advertised(advertises.mtu),
    }),
  ]
}

/** Ask DHCP, and take no address of this prefix by yourself: port security would let nothing through from it. */
const advertised = (mtu: number | undefined): Ids => ({
  ...{ address_mode: 'dhcpv6_stateful', send_periodic: 'true' },
  ...(mtu === undefined ? {} : { mtu: String(mtu) }),
})

/** A network's router, as it was found. */
export interface FoundNetworkRouter {
  readonly found: FoundRows
  /** Routers of that name, ovsd's or not. */
  readonly named: readonly LogicalRouter[]
  /** What the router has in other networks. */
  readonly others: readonly Cidr[]
  /** Where the transit networks lead that the router is joined to, and what each is. */
  readonly beyond: readonly { readonly cidr: Cidr; readonly what: string }[]
}

/** Whether the link is there, as it is to be. Errors: DatabaseUnreachable, DatabaseRefused. */
export async function isJoined({ database }: Northbound, wanted: NetworkRouter): Promise<boolean> {
  const rows = rowsOf(wanted)
  return lacking(rows, await findWanted(database, rows)).length === 0
}

/** Looks at a router, and at what is joined to it. Errors: as of isJoined. */
export async function readNetworkRouter({ database }: Northbound, wanted: NetworkRouter): Promise<FoundNetworkRouter> {
  const rows = rowsOf(wanted)
  const [routers = [], ports = [], transits = [], ...own] = await database.select([
    selectRouters([['name', '==', wanted.router]]),
    { table: 'Logical_Router_Port', where: [], columns: ['_uuid', 'name', 'networks'] },
    selectTransits(),
    ...rows.map(({ table, uuid, row }) => ({ table, where: isRow(uuid), columns: ['_uuid', ...Object.keys(row)] })),
  ])
  const named = routers.map(readRouter)
  const joined = new Set(named.flatMap((one) => one.ports))
  const mine = routerPortName(wanted.id)
  return {
    found: new Map(own.flat().map((row) => [uuidOf(row['_uuid']), row])),
    named,
    others: ports
      .filter((row) => joined.has(uuidOf(row['_uuid'])) && textOf(row['name']) !== mine)
      .flatMap((row) => setOf(row['networks']).flatMap(networkOfPort)),
    beyond: transits
      .flatMap(membersOf)
      .filter((_, __, all) => all.some(({ router }) => router === wanted.router))
      .filter(({ router }) => router !== wanted.router)
      .flatMap(({ name, subnets }) =>
        subnets.map((text) => ({ cidr: parseNetwork(text, 'subnet'), what: `the network ${name}` })),
      ),
  }
}

/** None, when it is no address: anybody may have written it. */
function networkOfPort(value: Json): readonly Cidr[] {
  try {
    return [parseHostCidr(textOf(value), 'networks')]
  } catch {
    return []
  }
}

/**
 * Changes that join a network to its router, which is made when there is none. They fail, as a Conflict, when somebody joins another
 * network to it, or makes or removes it. Errors: Refused RouterForeign, TenantDiffers, SubnetOverlaps.
 */
export function joinRouter(wanted: NetworkRouter, seen: FoundNetworkRouter): readonly Change[] {
  refuseUnfit(wanted, seen)
  const rows = rowsOf(wanted)
  const [router] = seen.named
  return [
    router === undefined ? expectNone('Logical_Router', [['name', '==', wanted.router]]) : expectPorts(router),
    ...makeRows(rows, seen.found),
  ]
}

const expectPorts = ({ uuid, ports }: LogicalRouter): Change =>
  expectRow('Logical_Router', isRow(uuid), { ports: ['set', ports.map(reference)] })

function refuseUnfit(wanted: NetworkRouter, { named, others, beyond }: FoundNetworkRouter): void {
  const { router, tenant, subnets } = wanted
  const foreign = named.find(
    ({ uuid, externalIds }) => externalIds[ROUTER_MARK] === undefined || uuid !== routerUuid(router),
  )
  if (foreign !== undefined)
    throw new Refused(
      'RouterForeign',
      `There is a logical router ${router} that ovsd has not made for networks: it is left as it is.`,
      { next: 'Choose another name with --router.' },
    )
  const [found] = named
  const of = (name: string | undefined): string => (name === undefined ? 'no tenant' : `the tenant ${name}`)
  if (found !== undefined && found.externalIds['tenant_id'] !== tenant)
    throw new Refused(
      'TenantDiffers',
      `The logical router ${router} belongs to ${of(found.externalIds['tenant_id'])}, and the network ${wanted.network} to ${of(tenant)}.`,
      { next: 'Choose another router; a transit network joins routers of several tenants: --transit-network' },
    )
  for (const cidr of subnets) {
    const other = others.find((one) => overlaps(one, cidr))
    if (other !== undefined)
      throw overlapping(cidr, `the logical router ${router} has ${other.text} in another network`)
    const far = beyond.find((one) => overlaps(one.cidr, cidr))
    if (far !== undefined)
      throw overlapping(cidr, `the logical router ${router} has a way to ${far.cidr.text} of ${far.what}`)
  }
}

/** The refusal of a subnet of which a router has a part elsewhere. */
export const overlapping = (cidr: Cidr, why: string): Refused =>
  new Refused('SubnetOverlaps', `${cidr.text} cannot be told from another network: ${why}.`, {
    next: 'Choose another subnet, or another router.',
  })

/**
 * Changes that take ports away from routers, and those routers of ovsd's that have no other port then. They fail, as a Conflict,
 * when one of the routers has got or lost a port since it was read.
 */
export function leaveRouters(routers: readonly LogicalRouter[], ports: ReadonlySet<string>): readonly Change[] {
  return routers.flatMap((router) => {
    const gone = router.ports.filter((one) => ports.has(one))
    if (gone.length === 0) return []
    const isLast = gone.length === router.ports.length && router.externalIds[ROUTER_MARK] !== undefined
    return [
      expectPorts(router),
      isLast
        ? erase('Logical_Router', isRow(router.uuid))
        : mutate('Logical_Router', isRow(router.uuid), ['ports', 'delete', references(gone)]),
    ]
  })
}

/** Changes that undo joinRouter: the link goes, and the router with its last one. Undefined when there is nothing of it. */
export async function unjoinRouter(nb: Northbound, wanted: NetworkRouter): Promise<readonly Change[]> {
  const [, onRouter, onSwitch] = rowsOf(wanted)
  if (onRouter === undefined || onSwitch === undefined) return []
  const [routers = [], ports = []] = await nb.database.select([
    selectRouters([]),
    { table: 'Logical_Switch_Port', where: isRow(onSwitch.uuid), columns: ['_uuid'] },
  ])
  return [
    ...leaveRouters(routers.map(readRouter), new Set([onRouter.uuid])),
    ...(ports.length === 0
      ? []
      : [mutate('Logical_Switch', isRow(wanted.ls), ['ports', 'delete', references([onSwitch.uuid])])]),
  ]
}
