import { change, Conflict, transaction, type Northbound } from '../../ovn/change.ts'
import { switchGone } from '../../ovn/nb/addresses.ts'
import { hostsOf, joinSwitch, leaveSwitch, switchAt, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import type { ReversibleStep } from '../step.ts'

const isMember = (ls: LogicalSwitch | undefined, systemId: string): boolean =>
  ls !== undefined && hostsOf(ls).includes(systemId)

/** Says that this host uses a network. `ls` is its switch as it was read. Error of apply: LogicalSwitchGone. */
export function logicalSwitchJoin(nb: Northbound, ls: LogicalSwitch, systemId: string): ReversibleStep {
  const changes = joinSwitch(ls, systemId)
  const wasMember = isMember(ls, systemId)
  return {
    id: 'logical-switch.join',
    title: `Join the logical switch ${ls.name}`,
    leaves: `mark of this host on the logical switch ${ls.name}`,
    commands: () => [transaction(nb, changes)],
    isDone: async () => isMember(await switchAt(nb, ls.uuid), systemId),
    async apply(signal) {
      try {
        await change(nb, changes, signal)
      } catch (error) {
        throw error instanceof Conflict ? switchGone() : error
      }
    },
    async undo(signal) {
      if (!wasMember) await change(nb, leaveSwitch(ls, systemId), signal)
    },
  }
}
