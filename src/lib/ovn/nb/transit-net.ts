// A transit network as its hosts share it, and the names of what it has.
import type { Cidr } from '../../net/cidr.ts'
import { fnv1a64 } from '../../net/hash.ts'
import type { IpAddress } from '../../net/ip-address.ts'
import type { AddressPool } from './pools.ts'

/** A transit network, as it is to be. */
export interface TransitNet {
  /** UUID of its switch. */
  readonly ls: string
  /** Name of its switch. */
  readonly switchName: string
  /** Id of the network, 64 hex digits, and its name, the same on every host. */
  readonly id: string
  readonly name: string
  readonly subnets: readonly TransitSubnet[]
  /** Name of its gateway router. */
  readonly router: string
  readonly outside: readonly {
    readonly gateway: IpAddress
    readonly address: IpAddress
    /** Length of the prefix of the address there. */
    readonly prefix: number
  }[]
  /** Where the way out is; undefined without one. */
  readonly localnet: { readonly physnet: string; readonly tag: number | undefined } | undefined
}

export interface TransitSubnet {
  readonly cidr: Cidr
  /** What the gateway router has in it. */
  readonly inner: IpAddress
  /** What the routers of the others get. */
  readonly pool: AddressPool
}

/** Names of the ports that join a router to a transit network. */
export function transitPortNames(
  { id }: Pick<TransitNet, 'id'>,
  router: string,
): {
  readonly onRouter: string
  readonly onSwitch: string
} {
  const tail = `${id.slice(0, 12)}-${fnv1a64(router).slice(0, 10)}`
  return { onRouter: `lrp-${tail}`, onSwitch: `transit-${tail}` }
}

/** Names of what leads out of a transit network. */
export const gatewayNames = ({ id, switchName }: Pick<TransitNet, 'id' | 'switchName'>) =>
  ({
    inner: { onRouter: `lrp-${id.slice(0, 12)}`, onSwitch: `router-${id.slice(0, 12)}` },
    outer: { onRouter: `lrp-out-${id.slice(0, 12)}`, onSwitch: `router-out-${id.slice(0, 12)}` },
    localnet: `localnet-${id.slice(0, 12)}`,
    /** The switch outside, which has nothing but the router and the physical network. */
    external: `${switchName}-external`,
  }) as const

/** The mark of the switch outside: the id of the transit network. It is no network of its own. */
export const EXTERNAL_MARK = 'ovsd_external'
/** The mark of what a transit network has for one of its members: the beginning of the member's id. */
export const FOR_MARK = 'ovsd_vpc'
/** The mark of a port that joins a router: its name. */
export const JOINS_MARK = 'ovsd_joins'

export const forMark = (member: string): string => member.slice(0, 12)
