import { calledIn } from '../attach/endpoint.ts'
import { engineAnswers, livesOf, type Life } from '../attach/life.ts'
import { readMarks, type Marks, type Spec } from '../attach/marks.ts'
import type { RouteState } from '../net/ip-json.ts'
import type { InterfaceState } from '../net/ip-json.ts'
import type { RecordedNetwork } from '../network/record.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { sideBySide } from '../system/side-by-side.ts'
import { visit } from '../attach/visit.ts'
import { specInside } from '../plugin/endpoint-answers.ts'
import type { LinkSeen } from './links-seen.ts'
import type { Patient } from './patient.ts'
import { quickLook, type Declared } from './quick-look.ts'
import { roomKey, roomsOf, type Room } from './rooms.ts'
import { outward, type Outward } from './ways-out.ts'

/** A port of ovsd's, and all that belongs to it as it is now. */
export interface AttachmentSeen {
  readonly where: PortOnBridge
  readonly marks: Marks
  /** How its interface should be inside: as its marks say, and for an endpoint as Docker sets it; undefined when nobody knows. */
  readonly spec: Spec | undefined
  /** Gateways by which the container may go out instead of those of `spec`. */
  readonly detours: readonly string[]
  /** "port 12ab…_l (eth1 of web)". */
  readonly subject: string
  readonly life: Life
  /** The host's end of the pair; undefined when it is gone. */
  readonly link: LinkSeen | undefined
  /** All interfaces inside; undefined when nobody could look. */
  readonly interfaces: ReadonlyMap<string, InterfaceState> | undefined
  readonly routes: readonly RouteState[]
  /** The network that it is of, when there is a record of it. */
  readonly network: RecordedNetwork | undefined
  /** What the tunnels of that network leave room for; undefined without tunnels. */
  readonly room: Room | undefined
}

/** Its interface inside the container; undefined when it is not there, or nobody could look. */
export const insideOf = ({ interfaces, marks }: AttachmentSeen): InterfaceState | undefined =>
  interfaces?.get(marks.iface)

/** Its addresses, declared or found, with their prefix lengths. */
export const addressesOf = (port: AttachmentSeen): readonly string[] => [
  ...new Set([...(port.marks.spec?.addresses ?? []), ...(insideOf(port)?.addresses ?? [])]),
]

export interface AttachmentsSeen {
  readonly all: readonly AttachmentSeen[]
}

/** Looks at every port of ovsd's, and once into each container. Errors: those of the database. */
export async function attachmentsSeen(patient: Patient): Promise<AttachmentsSeen> {
  const { host } = patient
  const [ports, networks, engine] = await Promise.all([patient.ports(), patient.networks(), engineAnswers(host)])
  const ours = ports.flatMap((where) => {
    const marks = readMarks(where.interface.externalIds)
    if (!marks.ours || marks.part !== '') return []
    const network = networks.find(({ name, bridge }) => name === marks.network && bridge === where.bridge.name)
    const isDockers = marks.endpoint !== '' && marks.spec !== undefined && network !== undefined && 'spec' in network
    return [{ where, marks, network, spec: isDockers ? specInside(network.spec, marks.spec) : marks.spec }]
  })
  const rows = ours.map(({ where }) => where)
  const [lives, links, rooms] = await Promise.all([
    livesOf(host, rows, engine),
    patient.links(),
    roomsOf(host.run, networks),
  ])
  const declared = new Map<string, Declared[]>()
  for (const { where, marks, spec } of ours) {
    const path = lives.get(where.interface.uuid)?.path
    const one = { iface: marks.iface, spec, link: links.get(where.interface.name) }
    if (path !== undefined) declared.set(path, [...(declared.get(path) ?? []), one])
  }
  const insides = new Map<string, Awaited<ReturnType<typeof visit>>>()
  await sideBySide([...declared], async ([path, all]) => {
    const specs = all.map(({ spec }) => spec)
    insides.set(path, quickLook(path, all) ?? (await visit(host, path, specs)))
  })
  const all = await sideBySide(ours, async ({ where, marks, network, spec }) => {
    const life = lives.get(where.interface.uuid) ?? {}
    const found = life.path === undefined ? undefined : insides.get(life.path)
    const inside = found === 'hidden' ? undefined : found
    const routes = inside?.routes ?? []
    const { endpoint, iface } = marks
    const ways: Outward | { readonly spec: undefined; readonly detours: readonly string[] } =
      endpoint === '' || spec === undefined || inside === undefined || life.id === undefined
        ? { spec, detours: [] }
        : await outward(host, { container: life.id, endpoint, iface, spec, routes })
    return {
      ...{ where, marks, life, network, link: links.get(where.interface.name) },
      room: network === undefined ? undefined : rooms.get(roomKey(network)),
      ...{ ...ways, interfaces: inside?.interfaces, routes },
      subject: `port ${where.port.name} (${marks.iface || 'an interface'} of ${life.name ?? calledIn(marks)})`,
    }
  })
  return { all }
}
