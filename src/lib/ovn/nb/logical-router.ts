import type { IpAddress } from '../../net/ip-address.ts'
import type { Mac } from '../../net/mac.ts'
import type { Operation, RawRow } from '../../ovsdb/client.ts'
import { map, mapOf, setOf, uuidOf } from '../../ovsdb/values.ts'
import type { Condition, Ids } from '../../ovsdb/operations.ts'
import { textOf } from '../../ovsdb/operations.ts'
import { derivedUuid, type WantedRow } from './wanted-rows.ts'

/** The mark of a router that ovsd made for networks: it goes with the last of them. */
export const ROUTER_MARK = 'ovsd_router'

/** A logical router; its ports by their UUIDs. */
export interface LogicalRouter {
  readonly uuid: string
  /** The database lets several have the same. */
  readonly name: string
  readonly externalIds: Ids
  readonly options: Ids
  readonly ports: readonly string[]
}

export const ROUTER_COLUMNS = ['_uuid', 'name', 'external_ids', 'options', 'ports']

/** What reads routers. */
export const selectRouters = (where: readonly Condition[]): Operation => ({
  ...{ table: 'Logical_Router', where, columns: ROUTER_COLUMNS },
})

export const readRouter = (row: RawRow): LogicalRouter => ({
  uuid: uuidOf(row['_uuid']),
  name: textOf(row['name']),
  externalIds: mapOf(row['external_ids']),
  options: mapOf(row['options']),
  ports: setOf(row['ports']).map(uuidOf),
})

/** The UUID of the router of that name which ovsd makes. */
export const routerUuid = (name: string): string => derivedUuid('router', name)

/** What a router has in a network. */
export interface PortAddress {
  readonly ip: IpAddress
  readonly prefix: number
}

/** A link between a router and a switch: a port of each, the peers of each other. */
export interface LinkToMake {
  /** UUID of the router. */
  readonly router: string
  /** UUID of the switch. */
  readonly ls: string
  /** Names of the two ports; no two ports of a kind have the same in all of the database. */
  readonly names: { readonly onRouter: string; readonly onSwitch: string }
  readonly mac: Mac
  readonly addresses: readonly PortAddress[]
  /** Marks of both ports, and those of the one on the switch alone. */
  readonly marks: Ids
  readonly marksOnSwitch?: Ids
  /** Of the router's port: route table, and what it advertises (ovn-nb(5)). */
  readonly options?: Ids
  readonly advertises?: Ids
}

/** The two rows of a link. */
export function linkRows(link: LinkToMake): readonly [onRouter: WantedRow, onSwitch: WantedRow] {
  const { router, ls, names, mac, addresses, marks, marksOnSwitch = {}, options = {}, advertises = {} } = link
  return [
    {
      ...{ table: 'Logical_Router_Port', uuid: derivedUuid('router port', names.onRouter) },
      row: {
        ...{ name: names.onRouter, mac, networks: ['set', addresses.map(networkOf)] },
        ...{ options: map(options), ipv6_ra_configs: map(advertises), external_ids: map(marks) },
      },
      parent: { table: 'Logical_Router', uuid: router, column: 'ports' },
    },
    {
      ...{ table: 'Logical_Switch_Port', uuid: derivedUuid('switch port', names.onSwitch) },
      row: {
        // "router" is whatever its peer has (ovn-nb(5)). No port security: such a port has none.
        ...{ name: names.onSwitch, type: 'router', addresses: 'router' },
        ...{ options: map({ 'router-port': names.onRouter }), external_ids: map({ ...marks, ...marksOnSwitch }) },
      },
      parent: { table: 'Logical_Switch', uuid: ls, column: 'ports' },
    },
  ]
}

const networkOf = ({ ip, prefix }: PortAddress): string => `${ip.text}/${String(prefix)}`
