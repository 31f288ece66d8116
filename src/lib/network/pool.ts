import { isNotAHost } from '../net/cidr.ts'
import { ipOfBits, width, type IpAddress } from '../net/ip-address.ts'
import type { Subnet } from './subnet.ts'

/** What was found when a pool was asked for an address. */
export type Picked = { readonly ip: IpAddress } | { readonly ip: undefined; readonly size: bigint }

/** Addresses in canonical text that are not to be had. */
export type Used = Pick<ReadonlySet<string>, 'has'>

/**
 * The lowest address of a subnet's range that nobody has and that is for nobody else: not the gateway, not an auxiliary
 * one, not the network's own. Looks at no more addresses than are used, and one.
 */
export function pickAddress({ cidr, range, gateway, aux }: Subnet, used: Used): Picked {
  const { family } = cidr.ip
  const size = 1n << BigInt(width(family) - range.prefix)
  const kept = new Set([...(gateway === undefined ? [] : [gateway.text]), ...aux.map(({ ip }) => ip.text)])
  for (let bits = range.ip.bits; bits < range.ip.bits + size; bits++) {
    const ip = ipOfBits(family, bits)
    const isNetwork = ip.bits === cidr.ip.bits && cidr.prefix < width(family) - 1
    if (!isNetwork && !isNotAHost(cidr, ip) && !kept.has(ip.text) && !used.has(ip.text)) return { ip }
  }
  return { ip: undefined, size }
}
