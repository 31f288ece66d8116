// Whether the inside of a container is as declared, as far as /proc shows it: without a process, and without entering it.
import type { Cidr } from '../net/cidr.ts'
import type { IpAddress } from '../net/ip-address.ts'
import { procHex, type ProcNet } from '../net/proc-net.ts'
import type { Route } from '../net/route.ts'

/** What an interface was given. */
export interface Given {
  readonly iface: string
  readonly addresses: readonly Cidr[]
  readonly gateways: readonly IpAddress[]
  readonly routes: readonly Route[]
}

/** Whether the interface is there with its addresses and routes. False says only that it is worth a closer look. */
export function isInOrder({ iface, addresses, gateways, routes }: Given, inside: ProcNet): boolean {
  const goes = (bits: bigint, prefix: number, via: IpAddress | undefined, family: 4 | 6): boolean =>
    inside.routes.has(
      `${procHex(bits, family)}/${String(prefix)} ${procHex(via?.bits ?? 0n, via?.family ?? family)} ${iface}`,
    )
  return (
    inside.interfaces.has(iface) &&
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
