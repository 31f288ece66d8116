// The containers of this host, each with its interfaces that ovsd has attached.
import { RESTARTED } from '../attach/life.ts'
import { segment } from '../attach/taken.ts'
import { addressesOf, type AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { NetworkSpec } from '../network/spec.ts'
import type { ContainerEnd } from '../path/ends.ts'

/** One interface of a container. */
export interface Leg {
  readonly owner: ContainerEnd
  readonly port: AttachmentSeen
  readonly spec: NetworkSpec | undefined
  readonly tenant: string | undefined
  /** What separates it from others: a logical switch, or a VLAN of a bridge; equal for two that are meant to be together. */
  readonly place: string
  /** The same for people: "the network blue", "VLAN 20 of br0". */
  readonly placeSaid: string
}

/** Every interface of every container that runs, in the order of their names; what is left of others is doctor's. */
export function legsOf(all: readonly AttachmentSeen[]): readonly Leg[] {
  const living = all.filter(({ life }) => life.path !== undefined)
  const legs = [...Map.groupBy(living, ({ life }) => life.path ?? '')].flatMap(([netns, attachments]) => {
    const [{ life, marks } = {}] = attachments
    const name = life?.name ?? marks?.container ?? netns
    const owner: ContainerEnd = { kind: 'container', name, netns, attachments }
    return attachments.map((port) => legOf(owner, port))
  })
  const key = ({ owner, port }: Leg): string => `${owner.name} ${owner.netns} ${port.marks.iface}`
  return legs.toSorted((a, b) => key(a).localeCompare(key(b), 'en', { numeric: true }))
}

/** A container that was attached and is not where its interface is now: what can be said of it says nothing. */
export interface Lost {
  readonly name: string
  readonly port: AttachmentSeen
  readonly why: string
}

/** Those that may well run, and cannot be looked at; who is known not to run is nobody's concern. */
export const lostOf = (all: readonly AttachmentSeen[]): readonly Lost[] =>
  all.flatMap((port) => {
    const { life, marks } = port
    const why =
      life.unknown ??
      (life.reason === RESTARTED ? `${life.reason}, and its port is of the life before` : undefined) ??
      (life.reason === undefined
        ? 'nobody knows yet whose port it is, as long as the driver has not asked the engine'
        : undefined)
    return life.path !== undefined || why === undefined
      ? []
      : [{ name: life.name ?? (marks.name || marks.container || port.where.port.name), port, why }]
  })

function legOf(owner: ContainerEnd, port: AttachmentSeen): Leg {
  const { marks, where, network } = port
  const spec = network !== undefined && 'spec' in network ? network.spec : undefined
  const bridge = where.bridge.name
  const vlan = spec === undefined ? segment(where.port.vlan) : (spec.vlan ?? 0)
  const place = spec?.overlay === undefined ? `${bridge} ${String(vlan)}` : `switch ${spec.overlay.logicalSwitch}`
  return {
    ...{ owner, port, spec, place, tenant: spec?.tenant ?? (marks.tenant === '' ? undefined : marks.tenant) },
    placeSaid:
      network !== undefined
        ? `the network ${network.title ?? network.name}`
        : vlan === 0
          ? `the untagged segment of ${bridge}`
          : `VLAN ${String(vlan)} of ${bridge}`,
  }
}

/** Short name of a place, for tables: "blue", "br0:20". */
export const placeName = ({ port: { network }, place }: Leg): string =>
  network === undefined ? place.replace(' ', ':') : (network.title ?? network.name)

/** The IP versions that one of these interfaces has addresses of. */
export const familiesOf = (ports: readonly AttachmentSeen[]): readonly (4 | 6)[] => {
  const all = ports.flatMap(addressesOf)
  return ([4, 6] as const).filter((family) => all.some((text) => text.includes(':') === (family === 6)))
}
