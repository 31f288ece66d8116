import { change, transaction, untilUndisturbed, type Northbound } from '../../ovn/change.ts'
import { hostsOf, leaveSwitch, switchAt, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import { expectRow, isRow, type Change } from '../../ovsdb/operations.ts'
import { map } from '../../ovsdb/values.ts'
import { removeNetwork } from '../../ovn/nb/remove-network.ts'
import type { Step } from '../step.ts'

/**
 * Takes a network from this host: of the last of its hosts the switch goes, and all that has its mark; else only the mark of this host.
 * Which it is, is decided when it is done: the last two may leave at the same moment. `ls` is its switch as it was read.
 * Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function logicalSwitchRemove(
  nb: Northbound,
  ls: LogicalSwitch,
  systemId: string,
): Promise<Step & { readonly leaves: string }> {
  const changesFor = async (now: LogicalSwitch): Promise<readonly Change[]> =>
    isShared(now, systemId)
      ? // Whoever leaves beside this one makes it fail, and then this one may be the last.
        [
          expectRow('Logical_Switch', isRow(now.uuid), { external_ids: map(now.externalIds) }),
          ...leaveSwitch(now, systemId),
        ]
      : removeNetwork(nb, now)
  const planned = await changesFor(ls)
  const stays = isShared(ls, systemId)
  return {
    id: 'logical-switch.remove',
    title: stays
      ? `Leave the logical switch ${ls.name}`
      : `Remove the logical switch ${ls.name} and what belongs to it`,
    leaves: stays ? `mark of this host on the logical switch ${ls.name}` : `logical switch ${ls.name}`,
    commands: () => [transaction(nb, planned)],
    async isDone() {
      const now = await switchAt(nb, ls.uuid)
      return now === undefined || isOthers(now, systemId)
    },
    async apply(signal) {
      await untilUndisturbed(async () => {
        const now = await switchAt(nb, ls.uuid)
        if (now !== undefined) await change(nb, await changesFor(now), signal)
      }, signal)
    },
  }
}

const isShared = (ls: LogicalSwitch, systemId: string): boolean => hostsOf(ls).some((host) => host !== systemId)

function isOthers(ls: LogicalSwitch, systemId: string): boolean {
  const hosts = hostsOf(ls)
  return hosts.length > 0 && !hosts.includes(systemId)
}
