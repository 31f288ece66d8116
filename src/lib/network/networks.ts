import { readMarks } from '../attach/marks.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import { closest } from '../ui/closest.ts'
import { networkKey, readNetworks, type RecordedNetwork } from './record.ts'
import type { NetworkSpec } from './spec.ts'

/** A network whose record can be used. */
export type Network = Extract<RecordedNetwork, { readonly spec: object }>

/** All networks of this host, by name. */
export async function networksOf(host: Host): Promise<readonly RecordedNetwork[]> {
  const found = (await host.ovs.bridges()).flatMap(readNetworks)
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** What a network was made with, and what it is called by whoever has made it. */
export type TitledSpec = NetworkSpec & { readonly title?: string }

/** Those of the networks that can be used, without one. */
export const othersThan = (
  { name }: { readonly name: string },
  all: readonly RecordedNetwork[],
): readonly TitledSpec[] =>
  all.flatMap((one) =>
    'spec' in one && one.name !== name ? [one.title === undefined ? one.spec : { ...one.spec, title: one.title }] : [],
  )

/** That of these networks which is meant by a name: its own, or what Docker alone calls by it. */
export function called<T extends RecordedNetwork>(typed: string, all: readonly T[]): T | undefined {
  const titled = all.filter(({ title }) => title === typed)
  return all.find(({ name }) => name === typed) ?? (titled.length === 1 ? titled[0] : undefined)
}

/** The network of that name. Errors: NetworkMissing, NetworkDamaged. */
export async function networkNamed(host: Host, typed: string): Promise<Network> {
  const all = await networksOf(host)
  const found = called(typed, all)
  if (found === undefined) throw networkMissing(typed, all)
  return usable(found)
}

/** The same network. Error: NetworkDamaged, when its record cannot be used. */
export function usable(network: RecordedNetwork): Network {
  if ('spec' in network) return network
  const { name, bridge, problem } = network
  throw new Refused('NetworkDamaged', `The network ${name} cannot be used: ${problem}.`, {
    next: `Look at it: ovs-vsctl get Bridge ${bridge} external_ids; to be without it, with its copy in the store: ovsd net rm ${name} --force; to put it back: ovs-vsctl remove Bridge ${bridge} external_ids ${networkKey(name)}; ovsd state import`,
  })
}

/** The refusal of a name that no network has, with one that may have been meant. */
export function networkMissing(name: string, all: readonly { readonly name: string }[]): Refused {
  const meant = closest(
    name,
    all.map((one) => one.name),
  )
  return new Refused('NetworkMissing', `There is no network ${name}.`, {
    next: `${meant === undefined ? '' : `Did you mean ${meant}? `}See which there are: ovsd net ls; one that the database has lost comes back with: ovsd state import`,
  })
}

/** The ports of what is attached to a network. */
export async function portsOfNetwork(host: Host, network: RecordedNetwork): Promise<readonly PortOnBridge[]> {
  return (await markedFor(host, network)).filter((where) => !isOfPart(where))
}

/** The ports that a network has itself: an uplink, tunnels, a gateway. */
export async function partPortsOf(host: Host, network: RecordedNetwork): Promise<readonly PortOnBridge[]> {
  return (await markedFor(host, network)).filter(isOfPart)
}

const isOfPart = ({ interface: row }: PortOnBridge): boolean => readMarks(row.externalIds).part !== ''

async function markedFor(host: Host, { name, bridge }: RecordedNetwork): Promise<readonly PortOnBridge[]> {
  const rows = (await host.ovs.interfaces([{ has: { ovsd_network: name } }])).flat()
  return (await host.ovs.locate(rows)).filter((where) => where.bridge.name === bridge)
}
