import type { Host } from '../../host.ts'
import { uplinkKey, uplinkPair, type UplinkRecord } from '../../network/uplink-record.ts'
import type { UplinkPlace } from '../../network/uplink-vlans.ts'
import { giveUp, takeOver, type TakenOver } from '../../ovs/uplink-commands.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/**
 * Records what a NIC is like before anything of it is changed; and when its addresses are to be moved, gives its MAC and MTU
 * to the bridge's own port. `before` is an older record, which a killed run left.
 */
export function uplinkRecord(
  host: Host,
  { bridge, uplink }: UplinkPlace,
  record: UplinkRecord,
  before: UplinkRecord | undefined,
  over: TakenOver | undefined,
): ReversibleStep {
  const pair = uplinkPair(uplink, record)
  const key = uplinkKey(uplink)
  const command = host.vsctl.transaction(takeOver(bridge, pair, over))
  const isThere = async (): Promise<boolean> => (await host.ovs.bridge(bridge))?.externalIds[key] === pair[key]
  return {
    id: 'uplink.record',
    title: `Record on ${bridge} what ${uplink} is like`,
    leaves: `external_ids ${key} of bridge ${bridge}`,
    commands: () => [command],
    isDone: isThere,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      if (!(await isThere())) return
      const back =
        before === undefined
          ? giveUp(bridge, key, over !== undefined)
          : takeOver(bridge, uplinkPair(uplink, before), undefined)
      try {
        await host.run(host.vsctl.transaction(back, UNDO_WAIT_S), signal)
      } catch (error) {
        // A hung ovs-vswitchd does not keep the database from being right.
        if (await isThere()) throw error
      }
    },
  }
}
