import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { hostsOf, leaveSwitch, makeSwitch, switchAt } from '../../ovn/nb/logical-switch.ts'
import type { SwitchToMake } from '../../ovn/nb/logical-switch.ts'
import { erase, expectRow, isRow } from '../../ovsdb/operations.ts'
import { map } from '../../ovsdb/values.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Makes the logical switch of a network, and says that this host uses it. Error of apply: Conflict, when there is one by now: look
 * whose it is.
 */
export function logicalSwitchCreate(nb: Northbound, wanted: SwitchToMake): ReversibleStep {
  const { uuid, name, systemId } = wanted
  const changes = makeSwitch(wanted)
  return {
    id: 'logical-switch.create',
    title: `Create the logical switch ${name}`,
    leaves: `logical switch ${name}`,
    commands: () => [transaction(nb, changes)],
    isDone: async () => (await switchAt(nb, uuid)) !== undefined,
    async apply(signal) {
      await change(nb, changes, signal)
    },
    async undo(signal) {
      await untilUndisturbed(async () => {
        const now = await switchAt(nb, uuid)
        if (now === undefined) return
        // Another host may use it by now: then it stays, without this one.
        const isShared = hostsOf(now).some((host) => host !== systemId)
        const away = [
          expectRow('Logical_Switch', isRow(uuid), { external_ids: map(now.externalIds) }),
          erase('Logical_Switch', isRow(uuid)),
        ]
        await change(nb, isShared ? leaveSwitch(now, systemId) : away, signal)
      }, signal)
    },
  }
}
