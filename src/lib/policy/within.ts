import { contains, type Cidr } from '../net/cidr.ts'
import type { IpAddress } from '../net/ip-address.ts'
import type { Allowed } from './policy.ts'

/**
 * Whether an address is in a network that is allowed, and its own network, of this prefix length, is no wider: who says
 * 10.0.0.2/8 takes all of 10.0.0.0/8 for neighbours.
 */
export const within = (allowed: Allowed<Cidr>, ip: IpAddress, prefix: number): boolean =>
  typeof allowed === 'boolean' ? allowed : allowed.some((network) => contains(network, ip) && prefix >= network.prefix)
