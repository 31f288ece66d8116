// What the northbound database has for this host, against what this host has: an outage of central, a database that was lost, or a
// command that could not do its last step leave a difference.
import type { Host } from '../host.ts'
import { portsOfHost, type HostPorts } from '../ovn/nb/host-ports.ts'
import { isForgotten, isKept } from '../ovn/nb/kept-address.ts'
import { isOfLife, type LogicalPort } from '../ovn/nb/logical-port.ts'
import { NETWORK_MARK, type LogicalSwitch } from '../ovn/nb/logical-switch.ts'
import { ovnOrNone, type OvnOfHost } from '../ovn/of-host.ts'
import { localPorts, type LocalPort, type LocalPorts, type Remembered } from './logical-local.ts'

/** What is not as it should be in one logical switch, for this host. */
export interface LogicalDifference {
  readonly ls: LogicalSwitch
  /** The network's name on this host; that of the switch when the host does not use it any more. */
  readonly network: string
  /** Interfaces without a logical port, and those that come back without one that keeps their addresses. */
  readonly missing: readonly LocalPort[]
  /** Logical ports of an earlier life of their containers, or of this host under another name. */
  readonly old: readonly { readonly port: LogicalPort; readonly local: LocalPort }[]
  /** Logical ports that nothing here is for. */
  readonly gone: readonly LogicalPort[]
}

/** All of it. */
export interface LogicalLook {
  readonly ovn: OvnOfHost
  /** Networks that have a switch, by their ids. */
  readonly switches: HostPorts['switches']
  readonly differences: readonly LogicalDifference[]
  /** Logical ports of living interfaces that OVN has not made work. */
  readonly down: readonly LocalPort[]
}

/**
 * Compares the logical ports of this host with its interfaces. Undefined for a host that has nothing to do with OVN, or, with
 * `needsNetwork`, no network on it: nobody is asked then. Reads only: this host's own database, and two questions to the northbound one. Errors: DatabaseUnreachable, CentralUnreachable.
 */
export async function lookAtLogicalPorts(
  host: Host,
  remembered: readonly Remembered[] = [],
  { needsNetwork = false } = {},
): Promise<LogicalLook | undefined> {
  const local = await localPorts(host, remembered)
  if (local === undefined || (needsNetwork && local.networks.length === 0)) return undefined
  const ovn = await ovnOrNone(host)
  if (ovn === undefined) return undefined
  const there = await portsOfHost(ovn.northbound, ovn.systemId, [...local.living.keys(), ...local.kept.keys()])
  const living = [...local.living.values()]
  return {
    ovn,
    switches: there.switches,
    differences: differencesOf(ovn.systemId, local, there),
    down: living.filter(({ name }) => there.ports.get(name)?.up === false),
  }
}

function differencesOf(chassis: string, local: LocalPorts, { switches, ports }: HostPorts): LogicalDifference[] {
  const gone = Map.groupBy(
    [...ports.values()].filter((port) => isLeftBy(chassis, port) && !local.wanted.has(port.name)),
    ({ externalIds }) => externalIds[NETWORK_MARK] ?? '',
  )
  const byNetwork = (all: ReadonlyMap<string, LocalPort>): ReadonlyMap<string, readonly LocalPort[]> =>
    Map.groupBy(all.values(), ({ network }) => network.spec.id ?? '')
  const [living, kept] = [byNetwork(local.living), byNetwork(local.kept)]
  return [...switches].flatMap(([id, ls]) => {
    const mine = living.get(id) ?? []
    const old = mine.flatMap((one) => {
      const port = ports.get(one.name)
      const isRight = port !== undefined && isOfLife(port, { chassis, generation: one.generation })
      return port === undefined || isRight || port.externalIds[NETWORK_MARK] !== id ? [] : [{ port, local: one }]
    })
    const missing = [...mine, ...(kept.get(id) ?? [])].filter(
      ({ name }) => ports.get(name)?.externalIds[NETWORK_MARK] !== id,
    )
    const network = local.networks.find(({ spec }) => spec.id === id)?.name ?? ls.name
    const all = { ls, network, missing, old, gone: gone.get(id) ?? [] }
    return all.missing.length + all.old.length + all.gone.length === 0 ? [] : [all]
  })
}

/** By the marks that ovsd gives the port of a container, and for this host alone. */
const isLeftBy = (chassis: string, port: LogicalPort): boolean =>
  port.type === '' &&
  port.options['requested-chassis'] === chassis &&
  (port.externalIds['ovsd_container'] !== undefined || (isKept(port) && isForgotten(port)))

/** The differences in words: "3 logical ports were missing". */
export function inWords({ missing, old, gone }: Omit<LogicalDifference, 'ls' | 'network'>): readonly string[] {
  const some = (count: number, of: readonly { readonly name: string }[], what: string): readonly string[] =>
    count === 0
      ? []
      : [`${count === 1 ? `the logical port ${of[0]?.name ?? ''}` : `${String(count)} logical ports`} ${what}`]
  const plural = (count: number, one: string, many: string): string => (count === 1 ? one : many)
  return [
    ...some(missing.length, missing, plural(missing.length, 'was missing', 'were missing')),
    ...some(
      old.length,
      old.map(({ port }) => port),
      plural(old.length, 'was of an earlier life of its container', 'were of earlier lives of their containers'),
    ),
    ...some(gone.length, gone, plural(gone.length, 'was of nothing that is here', 'were of nothing that is here')),
  ]
}
