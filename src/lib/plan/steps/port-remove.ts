import type { Host } from '../../host.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import { readMarks } from '../../attach/marks.ts'
import { persistKey } from '../../attach/persist.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/** What a removal does besides: `forget` also takes away the records that would have the ports attached again. */
export interface RemovalOptions {
  readonly forget?: boolean
  /** How long to wait for ovs-vswitchd; 0: not at all. */
  readonly waitSeconds?: number
}

/**
 * Takes ports out of their bridges in one transaction. A set-up uses it for stale ports only: those have no previous
 * state worth going back to, so there is nothing to undo.
 */
export function portRemove(host: Host, ports: readonly PortOnBridge[], options: RemovalOptions = {}): ReversibleStep {
  const bridges = [...new Set(ports.map(({ bridge }) => bridge.name))].join(', ')
  const what = ports.length === 1 ? `port ${ports[0]?.port.name ?? ''}` : `${String(ports.length)} ports`
  return {
    id: 'port.remove',
    title: `Remove ${what} from ${bridges}`,
    leaves: `${what} on ${bridges}`,
    keeps: `the stale ${what} stays removed`,
    commands: () => [removal(host, ports, options)],
    isDone: async () => !(await anyPresent(host, ports)),
    apply: (signal) => removePorts(host, ports, signal, options),
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
  options: RemovalOptions = {},
): Promise<void> {
  if (ports.length === 0) return
  try {
    await host.run(removal(host, ports, options), signal)
  } catch (error) {
    if (await anyPresent(host, ports)) throw error
  }
}

const removal = (
  host: Host,
  ports: readonly PortOnBridge[],
  { forget = false, waitSeconds }: RemovalOptions,
): Command =>
  host.vsctl.removePorts(
    ports.map((where) => ({
      bridge: where.bridge.name,
      uuid: where.port.uuid,
      forget: forget ? recordOf(where) : undefined,
    })),
    waitSeconds,
  )

/** The key of the record of a persistent port. */
function recordOf({ interface: row }: PortOnBridge): string | undefined {
  const marks = readMarks(row.externalIds)
  return marks.persist ? persistKey(marks.id, marks.iface) : undefined
}

async function anyPresent(host: Host, ports: readonly PortOnBridge[]): Promise<boolean> {
  const rows = await host.ovs.interfaces(ports.map((where) => ({ name: where.interface.name })))
  const uuids = new Set(ports.map((where) => where.interface.uuid))
  return rows.flat().some(({ uuid }) => uuids.has(uuid))
}
