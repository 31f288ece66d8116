import type { Host } from '../../host.ts'
import type { ReversibleStep } from '../step.ts'
import { removePorts } from './port-add.ts'

/**
 * Removes ports from their bridges in one transaction. A set-up uses it for stale ports only: those have no previous
 * state worth going back to, so there is nothing to undo.
 */
export function portRemove(host: Host, ports: readonly string[], from: string): ReversibleStep {
  const what = ports.length === 1 ? `port ${ports[0] ?? ''}` : `${String(ports.length)} ports`
  return {
    id: 'port.remove',
    title: `Remove ${what} from ${from}`,
    leaves: `${what} on ${from}`,
    commands: () => [host.vsctl.delPorts(ports)],
    isDone: async () => (await host.ovs.interfaces(ports.map((name) => ({ name })))).every((rows) => rows.length === 0),
    apply: (signal) => removePorts(host, ports, signal),
    undo: () => Promise.resolve(),
  }
}
