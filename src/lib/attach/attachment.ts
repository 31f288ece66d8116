import type { Cidr } from '../net/cidr.ts'
import type { ExternalAddress } from '../net/external.ts'
import { fnv1a64 } from '../net/hash.ts'
import type { IfName } from '../net/ifname.ts'
import type { IpAddress } from '../net/ip-address.ts'
import type { Mac } from '../net/mac.ts'
import type { Route } from '../net/route.ts'
import type { Vlan } from '../net/vlan.ts'

/** Who asked for an attachment; a reconciler touches only its own. */
export type Owner = 'cli' | 'watch' | 'net' | 'plugin'

/** Whose network namespace an interface goes into. */
export interface Target {
  /** What the user typed; written as `container_id`, so that ovs-docker finds the port (COMPAT: exact match). */
  readonly typed: string
  /** Full container id; for --netns and --pid the typed name. */
  readonly id: string
  readonly name: string
  /** Tells one life of the target from the next: start time of a container, inode of a bare namespace. */
  readonly generation: string
  readonly netnsPath: string
  /** An endpoint is one of Docker's, whose container is not known yet (attach/endpoint.ts). */
  readonly kind: 'container' | 'namespace' | 'endpoint'
}

/** What a target is called in messages: as it was typed, unless that was its whole id. */
export const calledFor = ({ typed, id, name, kind }: Target): string =>
  kind === 'container' && typed === id ? name : typed

/** What is wanted of one interface of one target, complete and checked. */
export interface Attachment {
  readonly bridge: IfName
  readonly iface: IfName
  readonly target: Target
  readonly addresses: readonly Cidr[]
  readonly gateways: readonly IpAddress[]
  readonly routes: readonly Route[]
  readonly mac: Mac
  /** Bytes, for both ends; undefined leaves the kernel's 1500. */
  readonly mtu: number | undefined
  readonly vlan: Vlan
  readonly owner: Owner
  /** Most that the container may send, in kbit/s. */
  readonly rate?: number
  readonly tenant?: string
  /** The named network that it belongs to (network/networks.ts). */
  readonly network?: string
  /** An address by which it is reachable on a link of the host (docs/decisions/0008). */
  readonly external?: ExternalAddress
  /** Whether it is attached again after a restart of the container (attach/persist.ts). */
  readonly persist?: boolean
  /** Whether its IPv4 address comes from a DHCP server in its network (docs/decisions/0010). */
  readonly dhcp?: boolean
  /** The logical port of OVN that it is. */
  readonly logical?: string
}

/**
 * Name of the port and of the host's end of the veth pair: 13 hex digits and `_l`, like ovs-docker's, but derived from
 * the container and the interface, so that a second try finds what a first one left.
 */
export const portName = (containerId: string, iface: string): string => `${linkDigits(containerId, iface)}_l`

/** Name of the container's end of the pair while it is on the host still, as ovs-docker has it. */
export const farName = (containerId: string, iface: string): string => `${linkDigits(containerId, iface)}_c`

/** How many names are remembered, the latest: a daemon asks for those of every port at every look, and each takes some microseconds. */
const REMEMBERED = 1000
const digitsOf = new Map<string, string>()

function linkDigits(containerId: string, iface: string): string {
  const text = `port/${containerId}/${iface}`
  const known = digitsOf.get(text)
  if (known !== undefined) return known
  const digits = fnv1a64(text).slice(0, 13)
  if (digitsOf.size === REMEMBERED) digitsOf.delete(digitsOf.keys().next().value ?? '')
  digitsOf.set(text, digits)
  return digits
}
