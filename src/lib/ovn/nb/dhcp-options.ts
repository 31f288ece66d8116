// What OVN itself answers to DHCP requests of logical ports (ovn-nb(5), DHCP_Options). northd and ovn-controller pass over options
// that they cannot read without a word, so everything is checked here.
import { BadInput } from '../../errors.ts'
import { contains, type Cidr } from '../../net/cidr.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import { derivedMac, type Mac } from '../../net/mac.ts'
import { map, mapOf, uuidOf } from '../../ovsdb/values.ts'
import type { Northbound } from '../change.ts'
import { NETWORK_MARK } from './logical-switch.ts'
import {
  erase,
  expectNone,
  expectRow,
  hasIds,
  insert,
  isRow,
  textOf,
  update,
  type Change,
  type Ids,
} from '../../ovsdb/operations.ts'

const TABLE = 'DHCP_Options'

/** What clients of one subnet are told, beside their address. */
export interface DhcpWords {
  /** The subnet. */
  readonly cidr: Cidr
  /** IPv4: what the answers come from, an address of the subnet that no port gets. The gateway, where there is one. */
  readonly server?: IpAddress | undefined
  /** IPv4: default route; with IPv6 routers say that themselves (RFC 4861). */
  readonly gateway?: IpAddress | undefined
  readonly dns: readonly IpAddress[]
  /** IPv4: MTU of the containers, in bytes. */
  readonly mtu?: number | undefined
  /** IPv4, in seconds; an hour when left out. */
  readonly leaseSeconds?: number | undefined
}

/** A row of DHCP_Options. */
export interface DhcpRow {
  readonly uuid: string
  readonly cidr: string
  readonly options: Ids
}

/** The MAC that DHCP answers of a network come from; the same on every host. */
export const dhcpServerMac = (network: string): Mac => derivedMac(network, 'dhcp')

/** The options of a subnet as OVN reads them. Error: BadInput. */
export function dhcpOptions(network: string, words: DhcpWords): Ids {
  const { cidr, dns, gateway } = words
  const { family } = cidr.ip
  const other = dns.find((one) => one.family !== family)
  if (other !== undefined)
    throw new BadInput('dns', `${other.text} cannot be told by DHCP of IPv${String(family)}.`, dnsOf(family))
  const servers =
    dns.length === 0
      ? {}
      : { dns_server: dns.length === 1 ? (dns[0]?.text ?? '') : `{${dns.map(({ text }) => text).join(', ')}}` }
  if (family === 6) return { server_id: dhcpServerMac(network), ...servers }
  const { server = gateway, mtu, leaseSeconds = 3600 } = words
  if (server === undefined)
    throw new BadInput(
      'dhcp',
      `the answers need an address of ${cidr.text} to come from.`,
      'a gateway: --gateway 10.0.0.1',
    )
  for (const ip of [server, gateway ?? server])
    if (!contains(cidr, ip))
      throw new BadInput('dhcp', `${ip.text} is not in ${cidr.text}.`, 'an address of the subnet')
  // RFC 2132, 5.1: not below 68; more does not fit into 16 bits.
  refuseNumber('mtu', mtu ?? 1500, 68, 65_535)
  refuseNumber('lease time', leaseSeconds, 60, 4_294_967_294)
  return {
    ...{ server_id: server.text, server_mac: dhcpServerMac(network), lease_time: String(leaseSeconds) },
    ...(gateway === undefined ? {} : { router: gateway.text }),
    ...(mtu === undefined ? {} : { mtu: String(mtu) }),
    ...servers,
  }
}

const dnsOf = (family: number): string => (family === 4 ? '192.0.2.53' : '2001:db8::53')

function refuseNumber(field: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high)
    throw new BadInput(
      field,
      `${String(value)} is not from ${String(low)} to ${String(high)}.`,
      String(Math.max(low, 1442)),
    )
}

/** The rows of a network. Errors: DatabaseUnreachable, DatabaseRefused. */
export async function dhcpRows({ database }: Northbound, network: string): Promise<readonly DhcpRow[]> {
  const where = [hasIds({ [NETWORK_MARK]: network })]
  const [rows = []] = await database.select([{ table: TABLE, where, columns: ['_uuid', 'cidr', 'options'] }])
  return rows.map((row) => ({
    ...{ uuid: uuidOf(row['_uuid']), cidr: textOf(row['cidr']), options: mapOf(row['options']) },
  }))
}

/** Changes that make the row of a subnet; they fail, as a Conflict, when there is one. */
export const makeDhcp = (network: string, { uuid, cidr, options }: DhcpRow, tenant?: string): readonly Change[] => [
  expectNone(TABLE, [['cidr', '==', cidr], hasIds({ [NETWORK_MARK]: network })]),
  insert(TABLE, uuid, { cidr, options: map(options), external_ids: map(idsOf(network, tenant)) }),
]

const idsOf = (network: string, tenant: string | undefined): Ids => ({
  ...{ [NETWORK_MARK]: network, network_id: network },
  ...(tenant === undefined ? {} : { tenant_id: tenant }),
})

/** Changes that give a row other options; they fail, as a Conflict, when it has changed since it was read. */
export const changeDhcp = (row: DhcpRow, options: Ids): readonly Change[] => [
  expectRow(TABLE, isRow(row.uuid), { options: map(row.options) }),
  update(TABLE, isRow(row.uuid), { options: map(options) }),
]

/** Changes that take a row away; ports forget it by themselves. */
export const eraseDhcp = (uuid: string): readonly Change[] => [erase(TABLE, isRow(uuid))]
