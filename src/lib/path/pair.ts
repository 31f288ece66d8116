// Which interface of the one, and which address of the other.
import { addressesOf, type AttachmentSeen } from '../doctor/attachments-seen.ts'
import { OvsdError } from '../errors.ts'
import { contains, parseHostCidr } from '../net/cidr.ts'
import { parseIp } from '../net/ip-address.ts'
import type { ContainerEnd, End } from './ends.ts'
import type { Way } from './way.ts'

/** An address of the other end, and what it belongs to where that is known. */
export interface Destination {
  readonly address: string
  readonly port: AttachmentSeen | undefined
}

export interface Pair {
  /** The interface of ovsd's that is on the segment of the address; undefined when none is. */
  readonly meant: AttachmentSeen | undefined
  /** That by which the kernel sends; undefined when that is none of ovsd's. Where it knows no way, the one that is meant. */
  readonly source: AttachmentSeen | undefined
  readonly destination: Destination
}

/** Chooses the pair: first those on one subnet, then whatever address the other end has. Undefined when it has none. */
export function pairOf(a: ContainerEnd, b: End): Pair | undefined {
  const all: readonly Destination[] =
    b.kind === 'address'
      ? [{ address: b.ip.text, port: undefined }]
      : b.attachments.flatMap((port) =>
          addressesOf(port)
            .filter((one) => b.family === undefined || one.includes(':') === (b.family === 6))
            .map((one) => ({ address: one.replace(/\/.*/, ''), port })),
        )
  const pairs = all.flatMap((destination) =>
    a.attachments
      .filter((source) => isOnSegment(source, destination))
      .map((meant) => ({ meant, source: meant, destination })),
  )
  // The same network before the same subnet: two networks may have equal ones.
  const same = pairs.find(({ meant, destination }) => isSamePlace(meant, destination.port))
  const [destination] = all
  return (
    same ?? pairs[0] ?? (destination === undefined ? undefined : { meant: undefined, source: undefined, destination })
  )
}

/** The same pair, with the interface that the kernel of `a` chooses: two of them may be on one subnet. */
export const asRouted = (a: ContainerEnd, pair: Pair, way: Way | undefined): Pair =>
  way === undefined || pair.meant?.marks.iface === way.dev
    ? pair
    : { ...pair, source: a.attachments.find(({ marks, life }) => marks.iface === way.dev && life.path !== undefined) }

const isSamePlace = (source: AttachmentSeen, port: AttachmentSeen | undefined): boolean =>
  source.where.bridge.name === port?.where.bridge.name && source.marks.network === port.marks.network

function isOnSegment(source: AttachmentSeen, { address }: Destination): boolean {
  try {
    const ip = parseIp(address, 'address')
    return addressesOf(source).some((text) => contains(parseHostCidr(text), ip))
  } catch (error) {
    if (error instanceof OvsdError) return false
    throw error
  }
}
