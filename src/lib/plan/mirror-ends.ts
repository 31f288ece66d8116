// From what was typed for a mirror to the ports that there are, and to what is recorded so that they are found again.
import { portsMeantBy } from '../attach/lookup.ts'
import { isContainerName } from '../docker/container-name.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { MirrorsAround } from '../network/mirror/around.ts'
import type { MirrorEnd, MirrorSource } from '../network/mirror/mirror.ts'
import { mirrorPort, portsOfEnd, type MirrorPort } from '../network/mirror/ports.ts'
import type { NamedEnd, TypedSource } from '../network/mirror/words.ts'
import { networkMissing } from '../network/networks.ts'

/** A source or destination on this host. */
export interface Resolved<End extends MirrorSource> {
  readonly typed: string
  /** Several for a container whose ports another tool made, which are found again by their names only. */
  readonly ends: readonly End[]
  readonly ports: readonly MirrorPort[]
  /** Bridges that it may be mirrored on. */
  readonly bridges: readonly string[]
}

/** Errors: MirrorEndMissing, MirrorEndAmbiguous, NetworkMissing, AmbiguousContainer. */
export async function resolveSource(
  host: Host,
  source: TypedSource,
  around: MirrorsAround,
): Promise<Resolved<MirrorSource>> {
  if (source.kind === 'named') return resolveNamed(host, source, around)
  const { network } = source
  const found = around.networks.find(({ name }) => name === network)
  if (found === undefined) throw networkMissing(network, around.networks)
  const end = { kind: 'network', network, ...(found.id === undefined ? {} : { id: found.id }) } as const
  return {
    ...{ typed: `network:${network}`, ends: [end], bridges: [found.bridge] },
    ports: portsOfEnd(end, around.ports).filter(({ bridge }) => bridge === found.bridge),
  }
}

/** Errors: as resolveSource. */
export async function resolveNamed(
  host: Host,
  { name, iface }: NamedEnd,
  { ports }: MirrorsAround,
): Promise<Resolved<MirrorEnd>> {
  const typed = iface === undefined ? name : `${name}:${iface}`
  const meant = isContainerName(name) ? (await portsMeantBy(host, name, iface)).map(mirrorPort) : []
  const ofContainer = meant.filter(({ marks }) => marks.part === '')
  const named = iface === undefined ? ports.filter((port) => port.name === name) : []
  const other = named.find((port) => !ofContainer.some(({ uuid }) => uuid === port.uuid))
  if (ofContainer.length > 0 && other !== undefined)
    throw new Refused('MirrorEndAmbiguous', `${name} is a container, and a port of ${other.bridge}.`, {
      next: `Type the container's id, or its interface: ${ofContainer.map(calledFor).join(', ')}`,
    })
  const found = ofContainer.length > 0 ? ofContainer : named
  if (found.length === 0)
    throw new Refused('MirrorEndMissing', `${typed} has no port on a bridge, and is no port.`, {
      next: `Attach it first: ovsd add-port BRIDGE ${iface ?? 'eth1'} ${name}; see ovsd list`,
    })
  return { typed, ports: found, ends: endsOf(found, iface), bridges: [...new Set(found.map(({ bridge }) => bridge))] }
}

/** How a port of a container is typed. */
export const calledFor = ({ name, marks }: MirrorPort): string =>
  marks.iface === '' ? name : `${marks.name || marks.container}:${marks.iface}`

function endsOf(ports: readonly MirrorPort[], iface: string | undefined): readonly MirrorEnd[] {
  const [first] = ports
  const isOurs = ports.every(({ marks }) => marks.ours && marks.id !== '' && marks.id === first?.marks.id)
  if (first === undefined || !isOurs) return ports.map(({ name }) => ({ kind: 'port', port: name }))
  const { id, name } = first.marks
  return [{ kind: 'container', id, name: name || id, ...(iface === undefined ? {} : { iface }) }]
}
