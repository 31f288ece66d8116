import type { IpAddress } from '../../net/ip-address.ts'
import { transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
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
 * Adds a logical port with the addresses that were chosen for it. Errors: AddressInUse; of apply also LogicalPortExists and
 * LogicalSwitchGone. An AddressInUse about one that was given means that another host was faster: choose again, and plan anew.
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
      await untilUndisturbed(async (tries) => {
        // Somebody took another address near these: they are still ours to take, in another transaction.
        const now = tries === 0 ? ls : await switchAt(nb, ls.uuid)
        if (now === undefined) throw switchGone()
        await addChosen(nb, now, port, given, signal)
      }, signal)
    },
    undo: (signal) => dropPort(nb, ls, port.uuid, signal),
  }
}
