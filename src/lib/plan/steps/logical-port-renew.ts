import { map } from '../../ovsdb/values.ts'
import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import type { Mac } from '../../net/mac.ts'
import { hasMac, isOfLife, portAt, renewPort, type Life, type LogicalPort } from '../../ovn/nb/logical-port.ts'
import { expectRow, isRow, update } from '../../ovsdb/operations.ts'
import { Refused } from '../../errors.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Gives the logical port of a container to a new life of it, on this host or another, with the addresses that it has and the MAC that
 * its interface has now.
 */
export function logicalPortRenew(nb: Northbound, port: LogicalPort, life: Life, mac?: Mac): ReversibleStep {
  const { uuid, name, options, addresses } = port
  const isRight = (now: LogicalPort): boolean => isOfLife(now, life) && (mac === undefined || hasMac(now, mac))
  return {
    id: 'logical-port.renew',
    title: `Give the logical port ${name} to ${life.chassis}`,
    leaves: `logical port ${name} for ${life.chassis}`,
    commands: () => [transaction(nb, renewPort(port, life, undefined, mac))],
    async isDone() {
      const now = await portAt(nb, uuid)
      return now !== undefined && isRight(now)
    },
    async apply(signal) {
      await untilUndisturbed(async () => {
        const now = await portAt(nb, uuid)
        if (now === undefined)
          throw new Refused('LogicalPortGone', `The logical port ${name} has been removed.`, { next: 'Try again.' })
        if (!isRight(now)) await change(nb, renewPort(now, life, undefined, mac), signal)
      }, signal)
    },
    async undo(signal) {
      await untilUndisturbed(async () => {
        const now = await portAt(nb, uuid)
        // Somebody else's by now, or never ours.
        if (now === undefined || !isOfLife(now, life)) return
        const back = [
          expectRow('Logical_Switch_Port', isRow(uuid), { options: map(now.options) }),
          update('Logical_Switch_Port', isRow(uuid), {
            options: map(options),
            ...(mac === undefined ? {} : { addresses: ['set', addresses], port_security: ['set', addresses] }),
          }),
        ]
        await change(nb, back, signal)
      }, signal)
    },
  }
}
