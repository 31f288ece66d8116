// A leg is what gives a container an external address: a pair of links of its own beside the one on the bridge, and what
// the host needs to lead the address there (docs/decisions/0008). Everything about it is derived from the marks.
import type { ExternalAddress } from '../net/external.ts'
import { fnv1a64 } from '../net/hash.ts'
import { parseIp } from '../net/ip-address.ts'
import { derivedMac } from '../net/mac.ts'

/** What tells one leg from every other on the host. */
export interface LegKey {
  /** Name of the host's end of the pair. */
  readonly end: string
  readonly ip: string
  /** The host's interface on which the address is reached. */
  readonly link: string
}

/** All names of a leg. */
export interface Leg extends LegKey {
  /** Name of the container's end. */
  readonly inside: string
  readonly alias: string
  readonly gateway: string | undefined
  /** Nobody asks for these by ARP: each end is told the other's. */
  readonly endMac: string
  readonly insideMac: string
}

/** Marks what ovsd made among routes, rules and proxy entries (`proto 79`); unused by others (rtnetlink.h, rt_protos). */
export const PROTOCOL = '79'

/**
 * The groups of links (ip-link(8)) that have guards of their own: legs, and gateways of networks (network/gateway.ts). Each
 * guard leaves what is for the other to it.
 */
export const LEG_GROUP = 7980
export const GATEWAY_GROUP = 7979

/** Priorities of the rules: before the main table's, after the local one's. */
export const RULE_HOSTS = '7899'
export const RULE_TABLE = '7900'

const LONGEST = 15

/** The leg of an interface of a container. */
export function legOf(id: string, iface: string, { ip, gateway, link }: ExternalAddress): Leg {
  return {
    ...{ end: endName(id, iface), ip: ip.text, link, inside: insideName(iface), gateway: gateway?.text },
    alias: `ovsd/${id.slice(0, 12)}/${iface}.ext`,
    endMac: derivedMac(id, `${iface} external host`),
    insideMac: derivedMac(id, `${iface} external`),
  }
}

/** Name of the host's end: like portName's, but with `_x`. */
export const endName = (id: string, iface: string): string => `${fnv1a64(`external/${id}/${iface}`).slice(0, 13)}_x`

/** Name of the container's end: ext-eth1; one that would be too long ends in digits that are the interface's own. */
export function insideName(iface: string): string {
  const name = `ext-${iface}`
  return name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 5)}${fnv1a64(iface).slice(0, 5)}`
}

/**
 * The routing table of an external address, on the host and inside: the number that the address is. Tables have 32 bits,
 * so no two addresses share one, and nothing has to be kept to know which is whose.
 */
export const routingTable = (ip: string): string => String(parseIp(ip, 'address').bits)
