import type { IpAddress } from '../../net/ip-address.ts'
import { OvsdError } from '../../errors.ts'
import { Conflict, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { inTurn } from '../../system/turns.ts'
import { addChosen, dropPort, switchGone } from '../../ovn/nb/addresses.ts'
import { makePort, portAt, type PortToMake } from '../../ovn/nb/logical-port.ts'
import { switchAt, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import type { ReversibleStep } from '../step.ts'

/** A port that is to be added, by what chooseAddresses found. */
export interface LogicalPortToAdd {
  readonly ls: LogicalSwitch
  readonly port: PortToMake
  /** Those of its addresses that nobody asked for. */
  readonly given: readonly IpAddress[]
}

/**
 * Adds a logical port with the addresses that were chosen for it. Errors: AddressInUse; of apply also LogicalPortExists,
 * LogicalSwitchGone, and Conflict, when another host was faster to take an address that was given: choose again, and plan anew.
 */
export function logicalPortAdd(nb: Northbound, { ls, port, given }: LogicalPortToAdd): ReversibleStep {
  const command = transaction(nb, makePort(ls, port, given))
  return {
    id: 'logical-port.add',
    title: `Add the logical port ${port.name} to ${ls.name}`,
    leaves: `logical port ${port.name}`,
    commands: () => [command],
    isDone: async () => (await portAt(nb, port.uuid)) !== undefined,
    async apply(signal) {
      try {
        await inTurn(nb.database, ls.uuid, () =>
          untilUndisturbed(async () => {
            // Somebody may have taken another address near these since: they are still ours to take.
            const now = await switchAt(nb, ls.uuid)
            if (now === undefined) throw switchGone()
            await addChosen(nb, now, port, given, signal)
          }, signal),
        )
      } catch (error) {
        const isTaken = error instanceof OvsdError && error.code === 'AddressInUse'
        throw isTaken && given.length > 0 ? new Conflict(error.message) : error
      }
    },
    undo: (signal) => dropPort(nb, ls, port.uuid, signal),
  }
}
