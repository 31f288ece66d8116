import { untilUndisturbed, change, transaction, type Northbound } from '../../ovn/change.ts'
import { inTurn } from '../../system/turns.ts'
import { dropPort, switchGone } from '../../ovn/nb/addresses.ts'
import { portAt, takePorts, type LogicalPort, type PortToMake } from '../../ovn/nb/logical-port.ts'
import { switchAt, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Makes logical ports that keep addresses the port of an interface that has these addresses now: they are free at no moment. Errors of
 * apply: LogicalSwitchGone; Conflict, when somebody was faster to take them away.
 */
export function logicalPortTake(
  nb: Northbound,
  ls: LogicalSwitch,
  kept: readonly LogicalPort[],
  port: PortToMake,
): ReversibleStep {
  const [first] = kept
  const uuid = first?.uuid ?? port.uuid
  return {
    id: 'logical-port.take',
    title: `Make ${kept.map(({ name }) => name).join(' and ')} the logical port ${port.name}`,
    leaves: `logical port ${port.name}`,
    commands: () => [transaction(nb, takePorts(ls, kept, port))],
    isDone: async () => (await portAt(nb, uuid))?.name === port.name,
    apply: (signal) =>
      inTurn(nb.database, ls.uuid, () =>
        untilUndisturbed(async () => {
          const now = await switchAt(nb, ls.uuid)
          if (now === undefined) throw switchGone()
          await change(nb, takePorts(now, kept, port), signal)
        }, signal),
      ),
    // What kept the addresses did so for this port alone.
    async undo(signal) {
      if ((await portAt(nb, uuid))?.name === port.name) await dropPort(nb, ls, uuid, signal)
    },
  }
}
