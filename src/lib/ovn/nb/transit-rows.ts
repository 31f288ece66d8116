// The rows of a transit network, as they follow from its settings, its members and the addresses that their routers have there.
import { width } from '../../net/ip-address.ts'
import { contains, parseNetwork, type Cidr } from '../../net/cidr.ts'
import { derivedMac } from '../../net/mac.ts'
import { map } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { linkRows, routerUuid, type PortAddress } from './logical-router.ts'
import { NETWORK_MARK } from './logical-switch.ts'
import { routeTable } from './network-router.ts'
import { erase, hasIds, isRow, mutate, references, type Change, type Ids } from '../../ovsdb/operations.ts'
import type { Member } from './transit-members.ts'
import { EXTERNAL_MARK, FOR_MARK, forMark, gatewayNames, JOINS_MARK, transitPortNames } from './transit-net.ts'
import type { TransitNet } from './transit-net.ts'
import { derivedUuid, type WantedRow } from './wanted-rows.ts'

/** The UUID of the gateway router. */
export const gatewayUuid = ({ id }: Pick<TransitNet, 'id'>): string => derivedUuid('gateway', id)

/** The mark of an address that a port has (logical-port.ts). */
const addressMarks = (addresses: readonly PortAddress[]): Ids =>
  Object.fromEntries(addresses.map(({ ip }) => [`ovsd_ip.${ip.text}`, '1']))

/** The two ports that join a router to a transit network, with the addresses that it has there. */
export function joiningRows(
  net: Pick<TransitNet, 'id' | 'ls'>,
  router: string,
  addresses: readonly PortAddress[],
): readonly WantedRow[] {
  return linkRows({
    ...{ router: routerUuid(router), ls: net.ls, names: transitPortNames(net, router), addresses },
    mac: derivedMac(net.id, router),
    marks: { [NETWORK_MARK]: net.id, [JOINS_MARK]: router },
    marksOnSwitch: addressMarks(addresses),
  })
}

/** A route of a transit network: where to, on which router, over which port, by which address; and for which member. */
interface Route {
  readonly on: { readonly uuid: string; readonly port: string; readonly table?: string }
  readonly to: Cidr | 'anywhere'
  readonly by: PortAddress['ip']
  readonly member?: string
}

function routeRow({ id }: TransitNet, { on, to, by, member }: Route): WantedRow {
  const prefix = to !== 'anywhere' ? to.text : by.family === 4 ? '0.0.0.0/0' : '::/0'
  return {
    table: 'Logical_Router_Static_Route',
    uuid: derivedUuid('route', id, on.uuid, prefix),
    row: {
      ...{ ip_prefix: prefix, nexthop: by.text, output_port: on.port, route_table: on.table ?? '' },
      external_ids: map({ [NETWORK_MARK]: id, ...(member === undefined ? {} : { [FOR_MARK]: forMark(member) }) }),
    },
    parent: { table: 'Logical_Router', uuid: on.uuid, column: 'static_routes' },
  }
}

/** The addresses of a router in a transit network, by its name. */
export type JoinedRouters = ReadonlyMap<string, readonly PortAddress[]>

/** What each router has: the way to the members of the others, and to what is outside. */
export function memberRoutes(net: TransitNet, members: readonly Member[], joined: JoinedRouters): readonly WantedRow[] {
  return [...joined.keys()].flatMap((router) => {
    const on = { uuid: routerUuid(router), port: transitPortNames(net, router).onRouter, table: routeTable(net.name) }
    const others = members.filter((member) => member.router !== router)
    const out = net.subnets.filter(({ inner }) => net.outside.some(({ gateway }) => gateway.family === inner.family))
    return [
      ...others.flatMap((member) => routesTo(net, member, joined, on)),
      ...out.flatMap(({ inner: by, cidr }) => [
        routeRow(net, { on, to: 'anywhere', by }),
        // It is no neighbour in the transit network, though its address looks like it.
        ...net.outside
          .filter(({ gateway }) => contains(cidr, gateway))
          .map(({ gateway }) => routeRow(net, { on, to: single(gateway), by })),
      ]),
    ]
  })
}

function routesTo(net: TransitNet, member: Member, joined: JoinedRouters, on: Route['on']): readonly WantedRow[] {
  const addresses = joined.get(member.router) ?? []
  return member.subnets.flatMap((text) => {
    const to = parseNetwork(text, 'subnet')
    const by = addresses.find(({ ip }) => ip.family === to.ip.family)?.ip
    return by === undefined ? [] : [routeRow(net, { on, to, by, member: member.id })]
  })
}

/** The gateway router, whose options name its chassis: what it has inside and outside, its routes, and its translations. */
export function gatewayRows(
  net: TransitNet,
  options: Ids,
  members: readonly Member[],
  joined: JoinedRouters,
): readonly WantedRow[] {
  const uuid = gatewayUuid(net)
  const names = gatewayNames(net)
  const marks = { [NETWORK_MARK]: net.id }
  const inside = { uuid, port: names.inner.onRouter }
  return [
    {
      ...{ table: 'Logical_Router', uuid },
      row: {
        ...{ name: net.router, options: map(options) },
        external_ids: map({ ...marks, network_id: net.id, role: 'transit' }),
      },
    },
    ...linkRows({
      ...{ router: uuid, ls: net.ls, names: names.inner, marks, mac: derivedMac(net.id, 'router') },
      addresses: net.subnets.map(({ inner: ip, cidr: { prefix } }) => ({ ip, prefix })),
    }),
    ...members.flatMap((member) => routesTo(net, member, joined, inside)),
    ...(net.localnet === undefined ? [] : outsideRows(net, net.localnet)),
    ...members.flatMap((member) => translations(net, member)),
  ]
}

function outsideRows(net: TransitNet, { physnet, tag }: NonNullable<TransitNet['localnet']>): readonly WantedRow[] {
  const uuid = gatewayUuid(net)
  const external = derivedUuid('external', net.id)
  const { outer, localnet, external: name } = gatewayNames(net)
  const marks = { [NETWORK_MARK]: net.id }
  const on = { uuid, port: outer.onRouter }
  return [
    { table: 'Logical_Switch', uuid: external, row: { name, external_ids: map({ [EXTERNAL_MARK]: net.id }) } },
    {
      ...{ table: 'Logical_Switch_Port', uuid: derivedUuid('switch port', localnet) },
      row: {
        ...{ name: localnet, type: 'localnet', addresses: 'unknown', options: map({ network_name: physnet }) },
        ...{ tag: tag ?? ['set', []], external_ids: map(marks) },
      },
      parent: { table: 'Logical_Switch', uuid: external, column: 'ports' },
    },
    ...linkRows({
      ...{ router: uuid, ls: external, names: outer, marks, mac: derivedMac(net.id, 'outside') },
      addresses: net.outside.map(({ address: ip, prefix }) => ({ ip, prefix })),
    }),
    // Nobody outside gets in by sending to a member's address: what comes back is for the router's own.
    ...net.outside.map(({ address }) => guard(external, outer.onSwitch, marks, address)),
    ...net.outside.flatMap(({ gateway, prefix }) => [
      routeRow(net, { on, to: 'anywhere', by: gateway }),
      // With an address alone the router has no way to its neighbour by itself.
      ...(prefix === width(gateway.family) ? [routeRow(net, { on, to: single(gateway), by: gateway })] : []),
    ]),
  ]
}

const single = (ip: PortAddress['ip']): Cidr => {
  const prefix = width(ip.family)
  return { ip, prefix, text: `${ip.text}/${String(prefix)}` }
}

function guard(external: string, port: string, marks: Ids, { family, text }: PortAddress['ip']): WantedRow {
  const [ip, groups] = family === 4 ? ['ip4', '224.0.0.0/4'] : ['ip6', '{ff00::/8, fe80::/10}']
  return {
    table: 'ACL',
    uuid: derivedUuid('guard', external, ip),
    row: {
      ...{ direction: 'to-lport', priority: 1000, action: 'drop', external_ids: map(marks) },
      match: `outport == "${port}" && ${ip} && ${ip}.dst != ${text} && ${ip}.dst != ${groups}`,
    },
    parent: { table: 'Logical_Switch', uuid: external, column: 'acls' },
  }
}

function translations(net: TransitNet, { id, subnets }: Member): readonly WantedRow[] {
  const uuid = gatewayUuid(net)
  return subnets.flatMap((text) => {
    const { family } = parseNetwork(text, 'subnet').ip
    const out = net.outside.find(({ address }) => address.family === family)
    if (out === undefined) return []
    const row: WantedRow = {
      ...{ table: 'NAT', uuid: derivedUuid('snat', net.id, text) },
      row: {
        ...{ type: 'snat', external_ip: out.address.text, logical_ip: text },
        external_ids: map({ [NETWORK_MARK]: net.id, [FOR_MARK]: forMark(id) }),
      },
      parent: { table: 'Logical_Router', uuid, column: 'nat' },
    }
    return [row]
  })
}

/** Changes that take the gateway router away, and the way out. */
export async function removeGateway({ database }: Northbound, net: TransitNet): Promise<readonly Change[]> {
  const inner = derivedUuid('switch port', gatewayNames(net).inner.onSwitch)
  const [ports = []] = await database.select([
    { table: 'Logical_Switch_Port', where: isRow(inner), columns: ['_uuid'] },
  ])
  return [
    erase('Logical_Router', isRow(gatewayUuid(net))),
    erase('Logical_Switch', [hasIds({ [EXTERNAL_MARK]: net.id })]),
    ...(ports.length === 0 ? [] : [mutate('Logical_Switch', isRow(net.ls), ['ports', 'delete', references([inner])])]),
  ]
}
