import { readMarks } from '../attach/marks.ts'
import type { PersistRecord } from '../attach/persist.ts'
import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { transaction, type Northbound } from '../ovn/change.ts'
import { dropPort } from '../ovn/nb/addresses.ts'
import { logicalPortName, portNamed, removePort, type LogicalPort } from '../ovn/nb/logical-port.ts'
import { NETWORK_MARK, switchesOfNetworks, type LogicalSwitch } from '../ovn/nb/logical-switch.ts'
import { ovnOrNone } from '../ovn/of-host.ts'
import type { PortOnBridge } from '../ovs/reader.ts'
import type { Command } from '../system/command.ts'
import type { ReversibleStep } from './step.ts'

/** A logical port where it is. */
interface Found {
  readonly port: LogicalPort
  readonly ls: LogicalSwitch
}

/** Names of the logical ports that ovsd has made for these. */
export const logicalPortsOf = (ports: readonly PortOnBridge[]): readonly string[] =>
  ports.flatMap(({ interface: { externalIds } }) =>
    readMarks(externalIds).ours ? (externalIds['iface-id'] ?? []) : [],
  )

/** Names of the logical ports that keep the addresses of records, in networks on OVN. */
export const logicalPortsOfRecords = (
  records: readonly (PersistRecord & { readonly bridge: string })[],
): readonly string[] =>
  records.flatMap(({ bridge, network, id, iface }) =>
    bridge === INTEGRATION_BRIDGE && network !== undefined ? [logicalPortName(id, iface)] : [],
  )

/**
 * Plans that logical ports go, with which their addresses are free for every host. When central is away they are named as left;
 * a daemon removes them later. Nothing on a host that is in no OVN any more.
 */
export async function logicalRemoval(host: Host, names: readonly string[]): Promise<readonly ReversibleStep[]> {
  if (names.length === 0) return []
  const ovn = await ovnOrNone(host)
  return ovn === undefined ? [] : logicalPortsRemoval(ovn.northbound, names, host.patience !== undefined)
}

/** The same of a northbound database; `isPatient`: a daemon, which comes again. */
export async function logicalPortsRemoval(
  nb: Northbound,
  names: readonly string[],
  isPatient: boolean,
): Promise<readonly ReversibleStep[]> {
  let commands: readonly Command[] = []
  let away: OvsdError | undefined
  try {
    const found = await findPorts(nb, names)
    if (found.length === 0) return []
    commands = found.map(({ port, ls }) => transaction(nb, removePort(ls, port)))
  } catch (error) {
    if (!(error instanceof OvsdError) || error.code !== 'CentralUnreachable') throw error
    if (isPatient) return []
    away = error
  }
  const what = `logical ${names.length === 1 ? 'port' : 'ports'} ${names.join(', ')}`
  return [
    {
      id: 'logical-port.remove',
      title: `Remove the ${what}`,
      leaves: `${what} in the northbound database`,
      keeps: `the ${what} stay removed`,
      commands: () => commands,
      isDone: async () => (await findPorts(nb, names)).length === 0,
      async apply(signal) {
        if (away !== undefined) throw away
        try {
          for (const { ls, port } of await findPorts(nb, names)) await dropPort(nb, ls, port.uuid, signal)
        } catch (error) {
          const isAway = error instanceof OvsdError && error.code === 'CentralUnreachable'
          if (!isAway || !isPatient) throw error
        }
      },
      // What an earlier life of a container left is nothing worth going back to.
      undo: () => Promise.resolve(),
    },
  ]
}

/** Those of the ports that are there, and are ovsd's. */
async function findPorts(nb: Northbound, names: readonly string[]): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const name of names) {
    const port = await portNamed(nb, name)
    const network = port?.externalIds[NETWORK_MARK]
    if (port === undefined || network === undefined) continue
    const [ls] = await switchesOfNetworks(nb, network)
    if (ls !== undefined) found.push({ port, ls })
  }
  return found
}
