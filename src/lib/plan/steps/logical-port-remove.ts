import { transaction, type Northbound } from '../../ovn/change.ts'
import { dropPort } from '../../ovn/nb/addresses.ts'
import { portAt, removePort, type LogicalPort } from '../../ovn/nb/logical-port.ts'
import type { LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import type { Step } from '../step.ts'

/** Removes a logical port, and gives its addresses back. */
export function logicalPortRemove(
  nb: Northbound,
  ls: LogicalSwitch,
  port: LogicalPort,
): Step & { readonly leaves: string } {
  return {
    id: 'logical-port.remove',
    title: `Remove the logical port ${port.name} from ${ls.name}`,
    leaves: `logical port ${port.name}`,
    commands: () => [transaction(nb, removePort(ls, port))],
    isDone: async () => (await portAt(nb, port.uuid)) === undefined,
    apply: (signal) => dropPort(nb, ls, port.uuid, signal),
  }
}
