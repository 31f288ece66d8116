import { isDeepStrictEqual } from 'node:util'
import { portName, type Attachment } from '../attach/attachment.ts'
import { legOf } from '../attach/external-leg.ts'
import { missingMarks, readMarks } from '../attach/marks.ts'
import { missesClient } from '../dhcp/client.ts'
import type { Cidr } from '../net/cidr.ts'
import { linkExists } from '../net/links.ts'
import { procHex, type ProcNet } from '../net/proc-net.ts'
import { columnsOfVlan } from '../net/vlan.ts'
import type { IpAddress } from '../net/ip-address.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { sameColumns } from '../plan/steps/vlan-set.ts'

/**
 * Whether an attachment is just as it is wanted, as far as can be seen without a process: its row, its link, and what /proc
 * shows of the inside. False says only that it is worth a closer look, which the recipe takes.
 */
export function inPlace(wanted: Attachment, found: PortOnBridge | undefined, inside: ProcNet | undefined): boolean {
  return found !== undefined && inside !== undefined && rowIsRight(wanted, found) && insideIsRight(wanted, inside)
}

function rowIsRight(wanted: Attachment, { interface: row, port, bridge }: PortOnBridge): boolean {
  const { target, iface, vlan, rate = 0, persist = false, external } = wanted
  const marks = readMarks(row.externalIds)
  return (
    row.name === portName(target.id, iface) &&
    bridge.name === wanted.bridge &&
    Object.keys(missingMarks(wanted, row.externalIds)).length === 0 &&
    // None of these is missing when there is more than is wanted.
    marks.persist === persist &&
    isDeepStrictEqual(marks.external, external) &&
    (external === undefined || linkExists(legOf(target.id, iface, external).end)) &&
    sameColumns(port.vlanColumns, columnsOfVlan(vlan)) &&
    row.rate === rate &&
    row.error === '' &&
    !missesClient(row.name, row.externalIds) &&
    row.ofport !== undefined &&
    row.ofport > 0 &&
    linkExists(row.name)
  )
}

function insideIsRight(wanted: Attachment, inside: ProcNet): boolean {
  const { iface, addresses, gateways, routes, external, target } = wanted
  const goes = (bits: bigint, prefix: number, via: IpAddress | undefined, family: 4 | 6): boolean =>
    inside.routes.has(
      `${procHex(bits, family)}/${String(prefix)} ${procHex(via?.bits ?? 0n, via?.family ?? family)} ${iface}`,
    )
  return (
    inside.interfaces.has(iface) &&
    (external === undefined ||
      (inside.interfaces.has(legOf(target.id, iface, external).inside) && inside.v4.has(external.ip.text))) &&
    addresses.every((address) => hasAddress(address, iface, inside)) &&
    // An interface that is down has addresses, but the routes to their networks are gone.
    addresses.every(
      ({ ip, prefix }) => ip.family === 6 || prefix === 32 || goes(network(ip, prefix), prefix, undefined, 4),
    ) &&
    gateways.every((via) => goes(0n, 0, via, via.family)) &&
    routes.every(({ to, via }) => goes(to.ip.bits, to.prefix, via, to.ip.family))
  )
}

function hasAddress({ ip, prefix }: Cidr, iface: string, { v4, v6 }: ProcNet): boolean {
  return ip.family === 4 ? v4.has(ip.text) : v6.has(`${procHex(ip.bits, 6)}/${String(prefix)} ${iface}`)
}

const network = ({ bits }: IpAddress, prefix: number): bigint => {
  const host = BigInt(32 - prefix)
  return (bits >> host) << host
}
