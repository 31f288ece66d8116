import { isSameAttachment, readMarks, type Spec } from '../attach/marks.ts'
import { readPersistRecords, type PersistRecord } from '../attach/persist.ts'
import { derivedName, ENDPOINT_LINK } from '../attach/endpoint.ts'
import { shortId } from '../docker/container.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { Network } from '../network/networks.ts'
import { networksOn } from '../network/seen.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { logicalPortName } from '../ovn/nb/logical-port.ts'

/** An interface of this host that is that of a logical port; or one that comes back with its container, and keeps its addresses. */
export interface LocalPort {
  /** Of the logical port. */
  readonly name: string
  readonly network: Network
  readonly container: { readonly id: string; readonly name: string }
  readonly iface: string
  readonly generation: string
  readonly spec: Spec
  /** Docker's endpoint that it is; '' for others. */
  readonly endpoint: string
}

/** What this host has of networks on OVN, by its own database alone. */
export interface LocalPorts {
  /** Networks on OVN that it uses. */
  readonly networks: readonly Network[]
  /** Interfaces whose containers live, by the names of their logical ports. */
  readonly living: ReadonlyMap<string, LocalPort>
  /** Those that do not live, and of which a record says what they come back as; by the names of their logical ports. */
  readonly kept: ReadonlyMap<string, LocalPort>
  /** Names of logical ports that something here is for, living or not: a port, or a record of one that comes back. */
  readonly wanted: ReadonlySet<string>
}

/** An interface that somebody will want again, though no bridge says so any more. */
export interface Remembered {
  readonly id: string
  readonly iface: string
}

/**
 * Looks at what this host has of networks on OVN; undefined when it has no bridge for them: then nothing can be said about what is
 * wanted. Error: DatabaseUnreachable.
 */
export async function localPorts(host: Host, remembered: readonly Remembered[]): Promise<LocalPorts | undefined> {
  const bridge = await host.ovs.bridge(INTEGRATION_BRIDGE)
  if (bridge === undefined) return undefined
  const networks = networksOn(bridge).flatMap((one) => ('spec' in one && one.spec.overlay !== undefined ? [one] : []))
  const rows = (await host.ovs.interfaces([{ has: { 'iface-status': 'active', ovsd: '1' } }])).flat()
  const living = new Map<string, LocalPort>()
  const kept = keptPorts(networks, readPersistRecords(bridge.externalIds))
  const wanted = new Set(
    [...readPersistRecords(bridge.externalIds), ...remembered].map(({ id, iface }) => logicalPortName(id, iface)),
  )
  for (const { name: link, externalIds } of rows) {
    const name = externalIds['iface-id']
    if (name === undefined) continue
    wanted.add(name)
    const marks = readMarks(externalIds)
    const network = networks.find((one) => one.name === marks.network)
    const isOurs = isSameAttachment(marks, marks.endpoint || marks.id, marks.iface) && link === derivedName(marks)
    // A pair of links ends with the life of its container.
    if (!isOurs || network === undefined || marks.spec === undefined || !linkExists(link)) continue
    const { id, endpoint, iface, spec } = marks
    // Of an endpoint nobody knows at first whose it is; and its port is for this life of it whoever that is.
    const generation = externalIds['iface-id-ver'] ?? marks.generation
    const container = { id: id || endpoint, name: marks.name || shortId(id || endpoint) }
    living.set(name, { name, network, container, iface: iface || ENDPOINT_LINK, generation, spec, endpoint })
    kept.delete(name)
  }
  return { networks, living, kept, wanted }
}

/** The generation of a logical port whose container does not run: no interface ever has it. */
const NOT_RUNNING = 'none'

function keptPorts(networks: readonly Network[], records: readonly PersistRecord[]): Map<string, LocalPort> {
  return new Map(
    records.flatMap(({ id, iface, name: container, network: of, spec }): [string, LocalPort][] => {
      const network = networks.find(({ name }) => name === of)
      if (network === undefined) return []
      const name = logicalPortName(id, iface)
      return [
        [
          name,
          { name, network, container: { id, name: container }, iface, generation: NOT_RUNNING, spec, endpoint: '' },
        ],
      ]
    }),
  )
}
