import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { hostsOf, leaveSwitch, switchAt, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import { removeNetwork } from '../../ovn/nb/remove-network.ts'
import type { Step } from '../step.ts'

/**
 * Removes a network of which this host is the last: its switch and all that has its mark. When another host has joined it
 * meanwhile, only this one leaves. `ls` is its switch as it was read. Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function logicalSwitchRemove(
  nb: Northbound,
  ls: LogicalSwitch,
  systemId: string,
): Promise<Step & { readonly leaves: string }> {
  const removal = await removeNetwork(nb, ls)
  return {
    id: 'logical-switch.remove',
    title: `Remove the logical switch ${ls.name} and what belongs to it`,
    leaves: `logical switch ${ls.name}`,
    commands: () => [transaction(nb, removal)],
    async isDone() {
      const now = await switchAt(nb, ls.uuid)
      return now === undefined || isOthers(now, systemId)
    },
    async apply(signal) {
      await untilUndisturbed(async () => {
        const now = await switchAt(nb, ls.uuid)
        if (now === undefined) return
        const isShared = hostsOf(now).some((host) => host !== systemId)
        await change(nb, isShared ? leaveSwitch(now, systemId) : await removeNetwork(nb, now), signal)
      }, signal)
    },
  }
}

function isOthers(ls: LogicalSwitch, systemId: string): boolean {
  const hosts = hostsOf(ls)
  return hosts.length > 0 && !hosts.includes(systemId)
}
