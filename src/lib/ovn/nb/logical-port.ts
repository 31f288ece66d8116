import { Refused } from '../../errors.ts'
import { parseIp, type IpAddress } from '../../net/ip-address.ts'
import type { Mac } from '../../net/mac.ts'
import type { Operation, RawRow } from '../../ovsdb/client.ts'
import { map, mapOf, optional, setOf, uuid as reference, uuidOf } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { lineToShow, NETWORK_MARK, networkIds, type LogicalSwitch } from './logical-switch.ts'
import {
  expectRow,
  expectSome,
  hasIds,
  insert,
  isRow,
  mutate,
  references,
  textOf,
  update,
  type Change,
  type Condition,
  type Ids,
  type Row,
} from '../../ovsdb/operations.ts'
import { isUsed, noteUses } from './pools.ts'

const TABLE = 'Logical_Switch_Port'
const ADDRESS = 'ovsd_ip.'

/**
 * Name of the logical port of an interface of a container; the same is `iface-id` of its port on br-int. No two logical
 * ports of a northbound database have the same name.
 */
export const logicalPortName = (containerId: string, iface: string): string =>
  `lsp-${containerId.slice(0, 12)}-${iface}`

/** The marks of a port that ovsd made for an interface of a container; `endpoint` is Docker's, '' for other interfaces. */
export const portMarks = (
  { id, name }: { readonly id: string; readonly name: string },
  iface: string,
  endpoint: string,
): Ids => ({
  ...{ ovsd_container: id, ovsd_name: name, ovsd_iface: iface },
  ...(endpoint === '' ? {} : { ovsd_endpoint: endpoint }),
})

/** The DHCP_Options rows that a port uses, by their UUIDs. */
export interface DhcpOfPort {
  readonly v4?: string | undefined
  readonly v6?: string | undefined
}

/** What changes when a container starts again. */
export interface Life {
  /** system-id of the host that it runs on: no other one may have the port. */
  readonly chassis: string
  /** Generation of the container. ovn-controller binds only an interface with the same `iface-id-ver`, not that of a life before. */
  readonly generation: string
}

/** A logical port that is to be made. */
export interface PortToMake extends Life {
  readonly uuid: string
  readonly name: string
  readonly mac: Mac
  readonly addresses: readonly IpAddress[]
  readonly marks: Ids
  readonly dhcp?: DhcpOfPort
}

/** A logical port as the database has it. */
export interface LogicalPort {
  readonly uuid: string
  readonly name: string
  /** '' for one that a container has; localnet, router … */
  readonly type: string
  /** As written: "02:00:00:00:00:01 10.0.0.2 fd00::2". */
  readonly addresses: readonly string[]
  /** By the marks, in canonical text. */
  readonly ips: readonly IpAddress[]
  readonly externalIds: Ids
  readonly options: Ids
  /** Of a localnet port: the VLAN there. */
  readonly tag: number | undefined
  readonly up: boolean
}

/**
 * Changes that make a port of a switch, and note its addresses as used; `given` are those that were chosen and not asked for.
 * They fail, as a Conflict, when addresses near them were taken or released since the switch was read, when the switch is gone,
 * or when a port has the name. Error: Refused AddressInUse.
 */
export const makePort = (ls: LogicalSwitch, port: PortToMake, given: readonly IpAddress[] = []): readonly Change[] =>
  makePorts(ls, [port], given)

/** The same for several ports of a switch: all of them, or none. */
export function makePorts(
  ls: LogicalSwitch,
  ports: readonly PortToMake[],
  given: readonly IpAddress[] = [],
): readonly Change[] {
  const take = ports.flatMap(({ addresses }) => addresses)
  const taken = take.find((ip) => isUsed(ls.externalIds, ip))
  if (taken !== undefined) throw addressTaken(ls, taken)
  return [
    // A row that nothing refers to is not kept, and a switch that is gone takes no reference: nobody would be told.
    expectSome('Logical_Switch', isRow(ls.uuid)),
    ...noteUses(ls.uuid, ls.externalIds, { take, given }),
    ...ports.map((port) => insert(TABLE, port.uuid, rowOf(ls, port))),
    mutate('Logical_Switch', isRow(ls.uuid), ['ports', 'insert', references(ports.map(({ uuid }) => uuid))]),
  ]
}

function rowOf(ls: LogicalSwitch, port: PortToMake): Row {
  const { name, mac, addresses, marks, dhcp = {} } = port
  const whole = [mac, ...addresses.map(({ text }) => text)].join(' ')
  return {
    ...{ name, addresses: whole, port_security: whole, options: map(lifeOptions(port)) },
    ...(dhcp.v4 === undefined ? {} : { dhcpv4_options: reference(dhcp.v4) }),
    ...(dhcp.v6 === undefined ? {} : { dhcpv6_options: reference(dhcp.v6) }),
    external_ids: map({
      ...marks,
      ...networkIds(ls.externalIds),
      ...Object.fromEntries(addresses.map(({ text }) => [`${ADDRESS}${text}`, '1'])),
    }),
  }
}

/**
 * Changes that make ports of a switch one port, in the place of the first: with its name, its marks and its addresses. They fail, as a
 * Conflict, when one of them is another by now, or when addresses near those that it did not have were taken or released.
 */
export function takePorts(ls: LogicalSwitch, kept: readonly LogicalPort[], port: PortToMake): readonly Change[] {
  const [first, ...rest] = kept
  const had = kept.flatMap(({ ips }) => ips)
  const isIn = (all: readonly IpAddress[], ip: IpAddress): boolean => all.some(({ text }) => text === ip.text)
  const take = port.addresses.filter((ip) => !isIn(had, ip))
  const taken = take.find((ip) => isUsed(ls.externalIds, ip))
  if (taken !== undefined) throw addressTaken(ls, taken)
  return [
    expectSome('Logical_Switch', isRow(ls.uuid)),
    ...kept.map(({ uuid, name, options }) => expectRow(TABLE, isRow(uuid), { name, options: map(options) })),
    ...noteUses(ls.uuid, ls.externalIds, { take, release: had.filter((ip) => !isIn(port.addresses, ip)) }),
    update(TABLE, isRow(first?.uuid ?? port.uuid), rowOf(ls, port)),
    ...(rest.length === 0
      ? []
      : [mutate('Logical_Switch', isRow(ls.uuid), ['ports', 'delete', references(rest.map(({ uuid }) => uuid))])]),
  ]
}

const lifeOptions = ({ chassis, generation }: Life): Ids => ({
  ...{ 'requested-chassis': chassis, 'iface-id-ver': generation },
})

export const addressTaken = ({ name }: Pick<LogicalSwitch, 'name'>, ip: IpAddress, holder?: string): Refused =>
  new Refused(
    'AddressInUse',
    `${ip.text} belongs to ${holder === undefined ? 'another port' : `the logical port ${holder}`} of the logical switch ${name}.`,
    { next: `Choose another one, or have one given. See who has it: ${lineToShow(name)}` },
  )

/** Whether a port is of this life of its container. */
export const isOfLife = ({ options }: LogicalPort, life: Life): boolean =>
  Object.entries(lifeOptions(life)).every(([key, value]) => options[key] === value)

/**
 * Changes that make a port one of a new life of its container, with the addresses that it has. They fail, as a Conflict, when
 * its options have changed since it was read, or it is gone.
 */
export function renewPort(port: LogicalPort, life: Life, dhcp?: DhcpOfPort, mac?: Mac): readonly Change[] {
  const { uuid, options, ips } = port
  const references = (one: string | undefined) => (one === undefined ? (['set', []] as const) : reference(one))
  const whole = [mac ?? '', ...ips.map(({ text }) => text)].join(' ')
  return [
    expectRow(TABLE, isRow(uuid), { options: map(options) }),
    update(TABLE, isRow(uuid), {
      options: map({ ...options, ...lifeOptions(life) }),
      ...(dhcp === undefined ? {} : { dhcpv4_options: references(dhcp.v4), dhcpv6_options: references(dhcp.v6) }),
      ...(mac === undefined ? {} : { addresses: whole, port_security: whole }),
    }),
  ]
}

/** Whether a port lets through what comes from this MAC. */
export const hasMac = ({ addresses }: LogicalPort, mac: Mac): boolean => addresses.some((one) => one.startsWith(mac))

/**
 * Changes that take a port out of its switch, with which its row goes, and note its addresses as unused. They fail, as a
 * Conflict, when addresses near them were taken or released since the switch was read.
 */
export const removePort = (ls: LogicalSwitch, port: LogicalPort): readonly Change[] => removePorts(ls, [port])

/** The same for several ports of a switch: all of them, or none. */
export const removePorts = (ls: LogicalSwitch, ports: readonly LogicalPort[]): readonly Change[] => [
  ...noteUses(ls.uuid, ls.externalIds, {
    release: ports.flatMap(({ ips }) => ips).filter((ip) => isUsed(ls.externalIds, ip)),
  }),
  mutate('Logical_Switch', isRow(ls.uuid), ['ports', 'delete', references(ports.map(({ uuid }) => uuid))]),
]

/** A port that leads to a physical network (ovn-nb(5), "localnet"). */
export interface Localnet {
  readonly uuid: string
  /** As `ovn-bridge-mappings` of the hosts call it. */
  readonly physnet: string
  /** VLAN tag there; untagged when left out. */
  readonly tag?: number | undefined
}

/** Name of the port that leads a network to a physical one. */
export const localnetName = (network: string): string => `localnet-${network.slice(0, 12)}`

/** Changes that lead a switch to a physical network; they fail, as a Conflict, when it is gone or has such a port. */
export function addLocalnet(ls: LogicalSwitch, { uuid, physnet, tag }: Localnet): readonly Change[] {
  const network = ls.externalIds[NETWORK_MARK] ?? ''
  const row: Row = {
    ...{ name: localnetName(network), type: 'localnet', addresses: 'unknown', options: map({ network_name: physnet }) },
    ...(tag === undefined ? {} : { tag }),
    external_ids: map(networkIds(ls.externalIds)),
  }
  return [
    expectSome('Logical_Switch', isRow(ls.uuid)),
    insert(TABLE, uuid, row),
    mutate('Logical_Switch', isRow(ls.uuid), ['ports', 'insert', references([uuid])]),
  ]
}

/** The port of a name. Errors: DatabaseUnreachable, DatabaseRefused. */
export const portNamed = async (nb: Northbound, name: string): Promise<LogicalPort | undefined> =>
  (await read(nb, [['name', '==', name]]))[0]

/** The port with this UUID. Errors: as of portNamed. */
export const portAt = async (nb: Northbound, uuid: string): Promise<LogicalPort | undefined> =>
  (await read(nb, isRow(uuid)))[0]

/** All ports that belong to a network, by its id; `marks` are others that they have. Errors: as of portNamed. */
export const portsOfNetwork = (nb: Northbound, id: string, marks: Ids = {}): Promise<readonly LogicalPort[]> =>
  read(nb, [hasIds({ [NETWORK_MARK]: id, ...marks })])

/** Ports of a network that have an address. Errors: as of portNamed. */
export const portsWithAddress = (nb: Northbound, id: string, { text }: IpAddress): Promise<readonly LogicalPort[]> =>
  read(nb, [hasIds({ [`${ADDRESS}${text}`]: '1', [NETWORK_MARK]: id })])

const COLUMNS = ['_uuid', 'name', 'type', 'addresses', 'external_ids', 'options', 'tag', 'up']

/** What reads these ports. */
export const selectPorts = (where: readonly Condition[]): Operation => ({ table: TABLE, where, columns: COLUMNS })

async function read({ database }: Northbound, where: readonly Condition[]): Promise<readonly LogicalPort[]> {
  const [rows = []] = await database.select([selectPorts(where)])
  return rows.map(readPort)
}

export function readPort(row: RawRow): LogicalPort {
  const externalIds = mapOf(row['external_ids'])
  return {
    uuid: uuidOf(row['_uuid']),
    name: textOf(row['name']),
    type: textOf(row['type']),
    addresses: setOf(row['addresses']).map(textOf),
    ips: Object.keys(externalIds).flatMap((key) => (key.startsWith(ADDRESS) ? parsed(key.slice(ADDRESS.length)) : [])),
    externalIds,
    options: mapOf(row['options']),
    tag: Number(optional(row['tag']) ?? 0) || undefined,
    up: optional(row['up']) === true,
  }
}

/** None, when it is no address: anybody may have written the mark. */
function parsed(text: string): readonly IpAddress[] {
  try {
    return [parseIp(text, ADDRESS)]
  } catch {
    return []
  }
}
