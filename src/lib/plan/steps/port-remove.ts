import type { Host } from '../../host.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Takes ports out of their bridges in one transaction. A set-up uses it for stale ports only: those have no previous
 * state worth going back to, so there is nothing to undo.
 */
export function portRemove(host: Host, ports: readonly PortOnBridge[]): ReversibleStep {
  const bridges = [...new Set(ports.map(({ bridge }) => bridge.name))].join(', ')
  const what = ports.length === 1 ? `port ${ports[0]?.port.name ?? ''}` : `${String(ports.length)} ports`
  return {
    id: 'port.remove',
    title: `Remove ${what} from ${bridges}`,
    leaves: `${what} on ${bridges}`,
    keeps: `the stale ${what} stays removed`,
    commands: () => [removal(host, ports)],
    isDone: async () => !(await anyPresent(host, ports)),
    apply: (signal) => removePorts(host, ports, signal),
    undo: () => Promise.resolve(),
  }
}

/** How long undoing waits for ovs-vswitchd: a hung one may be why there is something to undo. */
export const UNDO_WAIT_S = 2

/** Removes these very ports; when ovs-vswitchd hangs, or the bridge went meanwhile, their absence counts. */
export async function removePorts(
  host: Host,
  ports: readonly PortOnBridge[],
  signal: AbortSignal,
  waitSeconds?: number,
): Promise<void> {
  if (ports.length === 0) return
  try {
    await host.run(removal(host, ports, waitSeconds), signal)
  } catch (error) {
    if (await anyPresent(host, ports)) throw error
  }
}

const removal = (host: Host, ports: readonly PortOnBridge[], waitSeconds?: number): Command =>
  host.vsctl.removePorts(
    ports.map(({ bridge, port }) => ({ bridge: bridge.name, uuid: port.uuid })),
    waitSeconds,
  )

async function anyPresent(host: Host, ports: readonly PortOnBridge[]): Promise<boolean> {
  const rows = await host.ovs.interfaces(ports.map((where) => ({ name: where.interface.name })))
  const uuids = new Set(ports.map((where) => where.interface.uuid))
  return rows.flat().some(({ uuid }) => uuids.has(uuid))
}
