// Addresses that are kept for an endpoint which Docker is about to make: logical ports that nothing is bound to.
import type { IpAddress } from '../../net/ip-address.ts'

/** Name of the logical port that keeps an address of a network, given by its id: one for each address. */
export const keptName = (network: string, ip: IpAddress): string => `ovsd-kept-${network.slice(0, 12)}-${ip.text}`
