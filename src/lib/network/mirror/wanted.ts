// What a mirror should select now, from what there is on its bridge. Pure: the same for those who make it, repair it and
// show it.
import type { Selection } from '../../ovs/mirror-commands.ts'
import type { MirrorRow, MirrorTable } from '../../ovs/mirror-rows.ts'
import { fnv1a64 } from '../../net/hash.ts'
import { describeEnd, type Mirror, type MirrorSource, type NetworkSource } from './mirror.ts'
import { portsOfEnd, recordOf, type MirrorPort } from './ports.ts'
import { mirrorNameIn } from './record.ts'
import { useOf, type HostAddresses, type Use } from './use.ts'

/** A network, as far as a mirror has to know it. */
export interface Segment {
  readonly name: string
  readonly id: string | undefined
  readonly bridge: string
  /** Undefined: untagged. */
  readonly vlan: number | undefined
  /** Of a logical switch of OVN, whose ports have no VLAN of their own on the integration bridge. */
  readonly overlay?: object | undefined
}

const isOnVlan = ({ overlay }: Segment): boolean => overlay === undefined

/** What there is. */
export interface Surroundings {
  readonly ports: readonly MirrorPort[]
  readonly networks: readonly Segment[]
  readonly table?: Pick<MirrorTable, 'rows'>
  readonly hostAddresses?: HostAddresses
}

export interface Wanted {
  readonly selection: Selection
  /** Who gets the copies; undefined for a tunnel that is still to be made, and when nobody is there. */
  readonly output: MirrorPort | undefined
  /** What keeps the output from being taken: it is used for something else. */
  readonly use: Use | undefined
  /** Sources of which there is nothing, and the output when it cannot be taken. */
  readonly missing: readonly string[]
}

/** Name of the port of a tunnel for copies. */
export const tunnelName = (bridge: string, mirror: string): string =>
  `${fnv1a64(`mirror/${bridge}/${mirror}`).slice(0, 13)}_m`

/** Whether a source is this network, and not an earlier one of its name. */
export const isThatNetwork = (
  { network, id }: NetworkSource,
  { name, id: found }: Pick<Segment, 'name' | 'id'>,
): boolean => name === network && (id === undefined || id === found)

/**
 * A network in both directions is a VLAN of the bridge, and every port that there is or will be belongs to it; 0 is the
 * untagged one. All else is a list of ports; when they are those of networks, only in their VLANs. On OVN, where networks share a
 * bridge without VLANs, a network is always the list of its ports.
 */
export function wanted(mirror: Mirror, around: Surroundings): Wanted {
  const { bridge, sources, direction, network } = mirror
  const ports = around.ports.filter((port) => port.bridge === bridge)
  const output = outputOf(mirror, ports)
  const use = output === undefined ? undefined : useAgainst(mirror, output, around)
  const segments = sources.flatMap((source) =>
    source.kind === 'network'
      ? around.networks.filter((one) => isThatNetwork(source, one) && one.bridge === bridge)
      : [],
  )
  const allNetworks = sources.every(({ kind }) => kind === 'network')
  const isWhole = allNetworks && direction === 'both' && segments.length > 0 && segments.every(isOnVlan)
  const own = around.networks.filter(({ name }) => name === network)
  const within = network === undefined ? (allNetworks ? segments : []) : own
  const vlans = within.filter(isOnVlan).map(({ vlan = 0 }) => vlan)
  const isInside = ({ marks }: MirrorPort): boolean => own.every(isOnVlan) || marks.network === network
  const isGone = (source: MirrorSource): boolean =>
    source.kind === 'network' && !segments.some((one) => isThatNetwork(source, one))
  const found = sources.map((source) => ({
    source,
    ports: isGone(source)
      ? []
      : portsOfEnd(source, ports).filter((port) => port.name !== output?.name && isInside(port)),
  }))
  const listed = isWhole ? [] : [...new Set(found.flatMap(({ ports: some }) => some.map(recordOf)))].sort()
  return {
    ...{ output, use },
    selection: {
      selectAll: isWhole,
      sources: direction === 'in' ? [] : listed,
      destinations: direction === 'out' ? [] : listed,
      vlans: [...new Set(vlans)].sort((a, b) => a - b),
      output: output === undefined ? undefined : recordOf(output),
    },
    missing: [
      ...found
        .filter(({ source, ports: some }) => (source.kind === 'network' ? isGone(source) : some.length === 0))
        .map(({ source }) => describeEnd(source)),
      ...(use === undefined ? [] : [`${describeEnd(mirror.dest)} to be free: it ${use.why}`]),
    ],
  }
}

function outputOf({ name, bridge, dest, network }: Mirror, ports: readonly MirrorPort[]): MirrorPort | undefined {
  if (dest.kind === 'gre') {
    const tunnel = tunnelName(bridge, name)
    return ports.find((port) => port.name === tunnel && port.marks.part !== '')
  }
  const found = portsOfEnd(dest, ports)
  if (dest.kind !== 'name' || dest.iface !== undefined) return found[0]
  // The mirror of a network names a container alone. Copies are all that comes by its port then, so it is one that is there
  // for nothing else: an interface without addresses, or the one in this very network, whose mirror it was chosen for.
  const isFree = ({ marks }: MirrorPort): boolean => (marks.spec?.addresses ?? []).length === 0 && marks.network === ''
  const isPart = ({ marks }: MirrorPort): boolean => marks.part !== ''
  // A part of a network is meant, too, but cannot be had: nobody is to wait for it without knowing why.
  return found.find(isFree) ?? found.find(({ marks }) => marks.network === network) ?? found.find(isPart)
}

/**
 * What speaks against an output. Only of the mirror of a network, whose output may come at any time and is taken without a
 * question: mirror create has asked. Who is in that very network came to it for the copies, or was asked for by name; what the
 * mirror has already, it keeps.
 */
function useAgainst(
  { name, bridge, network, force }: Mirror,
  output: MirrorPort,
  { table, hostAddresses = new Map() }: Surroundings,
): Use | undefined {
  const { marks, uuid } = output
  if (network === undefined || (marks.network === network && marks.part === '')) return undefined
  const row = table?.rows.find((one) => one.bridge === bridge && mirrorNameIn(one.externalIds) === name)
  if (row?.output !== undefined && row.output === uuid) return undefined
  const use = useOf(output, hostAddresses)
  return force === true && use?.isFinal === false ? undefined : use
}

/** Whether a row selects this; ports may be named by their names or by their UUIDs. */
export function isSelected(row: MirrorRow, selection: Selection, ports: readonly MirrorPort[]): boolean {
  const names = new Map(ports.flatMap(({ uuid, name }) => (uuid === undefined ? [] : [[uuid, name] as const])))
  const named = (all: readonly string[]): string =>
    all
      .map((one) => names.get(one) ?? one)
      .sort()
      .join()
  const one = (output: string | undefined): readonly string[] => (output === undefined ? [] : [output])
  return (
    row.selectAll === selection.selectAll &&
    named(row.sources) === named(selection.sources) &&
    named(row.destinations) === named(selection.destinations) &&
    named(row.vlans.map(String)) === named(selection.vlans.map(String)) &&
    named(one(row.output)) === named(one(selection.output))
  )
}
