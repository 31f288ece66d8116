import { map } from '../../ovsdb/values.ts'
import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { isOfLife, portAt, renewPort, type Life, type LogicalPort } from '../../ovn/nb/logical-port.ts'
import { expectRow, isRow, update } from '../../ovn/nb/operations.ts'
import { Refused } from '../../errors.ts'
import type { ReversibleStep } from '../step.ts'

/** Gives the logical port of a container to a new life of it, on this host or another, with the addresses that it has. */
export function logicalPortRenew(nb: Northbound, port: LogicalPort, life: Life): ReversibleStep {
  const { uuid, name, options } = port
  return {
    id: 'logical-port.renew',
    title: `Give the logical port ${name} to ${life.chassis}`,
    leaves: `logical port ${name} for ${life.chassis}`,
    commands: () => [transaction(nb, renewPort(port, life))],
    async isDone() {
      const now = await portAt(nb, uuid)
      return now !== undefined && isOfLife(now, life)
    },
    async apply(signal) {
      await untilUndisturbed(async () => {
        const now = await portAt(nb, uuid)
        if (now === undefined)
          throw new Refused('LogicalPortGone', `The logical port ${name} has been removed.`, { next: 'Try again.' })
        if (!isOfLife(now, life)) await change(nb, renewPort(now, life), signal)
      }, signal)
    },
    async undo(signal) {
      await untilUndisturbed(async () => {
        const now = await portAt(nb, uuid)
        // Somebody else's by now, or never ours.
        if (now === undefined || !isOfLife(now, life)) return
        const back = [
          expectRow('Logical_Switch_Port', isRow(uuid), { options: map(now.options) }),
          update('Logical_Switch_Port', isRow(uuid), { options: map(options) }),
        ]
        await change(nb, back, signal)
      }, signal)
    },
  }
}
