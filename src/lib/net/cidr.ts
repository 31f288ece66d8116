import { BadInput } from '../errors.ts'
import { parseIp, refuseSpecial, width, type Family, type IpAddress } from './ip-address.ts'

/** An address with its prefix length. `text` is canonical: 10.0.0.2/24, fd00::2/64. */
export interface Cidr {
  readonly ip: IpAddress
  readonly prefix: number
  readonly text: string
}

type Good = Readonly<Record<Family, string>>
const GOOD_HOST: Good = { 4: '10.0.0.2/24', 6: 'fd00::2/64' }
const GOOD_NETWORK: Good = { 4: '10.1.0.0/16', 6: 'fd01::/48' }

function parse(text: string, field: string, good: Good): Cidr & { bare: boolean } {
  const slash = text.indexOf('/')
  const ip = parseIp(slash < 0 ? text : text.slice(0, slash), field, `${good[4]} or ${good[6]}`)
  const length = slash < 0 ? String(width(ip.family)) : text.slice(slash + 1)
  const prefix = /^(0|[1-9][0-9]{0,2})$/.test(length) ? Number(length) : -1
  if (prefix < 0 || prefix > width(ip.family))
    throw new BadInput(
      field,
      `"${length}" is not a prefix length from 0 to ${String(width(ip.family))}.`,
      good[ip.family],
    )
  return { ip, prefix, text: `${ip.text}/${String(prefix)}`, bare: slash < 0 }
}

/**
 * Parses the address of a host. Without a prefix it is taken as /32 or /128, as `ip` and so ovs-docker do; `bare`
 * says so, for a warning. Refuses /0, the network and the broadcast address (none of those exist in /31, /32, RFC 3021).
 */
export function parseHostCidr(text: string, field = '--ipaddress'): Cidr & { bare: boolean } {
  const cidr = parse(text, field, GOOD_HOST)
  const { ip, prefix } = cidr
  refuseSpecial(ip, field)
  if (prefix === 0) throw new BadInput(field, `${text} would make every address a neighbour.`, GOOD_HOST[ip.family])
  const host = BigInt(width(ip.family) - prefix)
  if (host < 2n) return cidr
  const low = ip.bits & ((1n << host) - 1n)
  if (low === 0n) throw new BadInput(field, `${text} is the address of the network itself.`, GOOD_HOST[ip.family])
  if (ip.family === 4 && low === (1n << host) - 1n)
    throw new BadInput(field, `${text} is the broadcast address of its network.`, GOOD_HOST[ip.family])
  return cidr
}

/** Parses a destination of a route: the host bits must be zero, as the kernel wants them. */
export function parseNetwork(text: string, field: string): Cidr {
  const cidr = parse(text, field, GOOD_NETWORK)
  const host = BigInt(width(cidr.ip.family) - cidr.prefix)
  if ((cidr.ip.bits & ((1n << host) - 1n)) !== 0n)
    throw new BadInput(field, `${text} has bits set behind its prefix.`, GOOD_NETWORK[cidr.ip.family])
  return cidr
}

/** Whether `ip` lies in the network that `cidr` is part of. */
export function contains(cidr: Cidr, ip: IpAddress): boolean {
  const host = BigInt(width(cidr.ip.family) - cidr.prefix)
  return cidr.ip.family === ip.family && cidr.ip.bits >> host === ip.bits >> host
}

/** Whether two networks have an address in common. */
export const overlaps = (a: Cidr, b: Cidr): boolean => contains(a, b.ip) || contains(b, a.ip)

/** Whether `ip` is the network's own or its broadcast address, which no host can have (not in /31 and /32, RFC 3021). */
export function isNotAHost(cidr: Cidr, ip: IpAddress): boolean {
  const host = BigInt(width(cidr.ip.family) - cidr.prefix)
  const low = ip.bits & ((1n << host) - 1n)
  return contains(cidr, ip) && ip.family === 4 && host >= 2n && (low === 0n || low === (1n << host) - 1n)
}
