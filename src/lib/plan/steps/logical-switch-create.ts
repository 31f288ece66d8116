import { Refused } from '../../errors.ts'
import { change, Conflict, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { hostsOf, leaveSwitch, makeSwitch, switchAt, switchesNamed } from '../../ovn/nb/logical-switch.ts'
import type { SwitchToMake } from '../../ovn/nb/logical-switch.ts'
import { erase, expectRow, isRow } from '../../ovn/nb/operations.ts'
import { map } from '../../ovsdb/values.ts'
import type { ReversibleStep } from '../step.ts'

/** Makes the logical switch of a network, and says that this host uses it. Error of apply: NetworkExists. */
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
      try {
        await change(nb, changes, signal)
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
        throw await switchExists(nb, name)
      }
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

async function switchExists(nb: Northbound, name: string): Promise<Refused> {
  const found = await switchesNamed(nb, name)
  const what = found.length === 0 ? 'The network has another logical switch' : `There is a logical switch ${name}`
  return new Refused('NetworkExists', `${what} already; another host was faster, or made it by hand.`, {
    next: `See it: ovn-nbctl show ${name}`,
  })
}
