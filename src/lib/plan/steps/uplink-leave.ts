import type { Host } from '../../host.ts'
import { readNic } from '../../net/nic.ts'
import { backCommands, clearLines, ipBatch, type Seen } from '../../network/uplink-moving.ts'
import { readUplink, uplinkKey, type UplinkRecord } from '../../network/uplink-record.ts'
import { isShielded, lowerShield } from '../../network/uplink-shield.ts'
import type { UplinkPlace } from '../../network/uplink-vlans.ts'
import { giveUp, removePort } from '../../ovs/uplink-commands.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Command } from '../../system/command.ts'
import type { Step } from '../step.ts'
import { moveBack, seen } from './uplink-move.ts'
import { ownUplink } from './uplink-port.ts'

/** A NIC that leaves its bridge, as it was looked at for showing the commands. */
export interface Leaving {
  readonly where: PortOnBridge | undefined
  readonly record: UplinkRecord | undefined
  readonly hasShield: boolean
  /** The bridge's own port; of no interest where nothing was moved. */
  readonly local: Seen
}

/**
 * Gives a NIC back what it had, and takes it out of the bridge. In this order, and in one step: in between, the host answers
 * whichever way the frames come; and what failed is told by the record, which goes with the port.
 */
export function uplinkLeave(host: Host, place: UplinkPlace, shown: Leaving): Step & { readonly leaves: string } {
  const { bridge, uplink } = place
  const { hasShield } = shown
  const key = uplinkKey(uplink)
  const down: Command = { tool: 'ip', args: ['link', 'set', 'dev', uplink, 'down'] }
  const leave = (where: PortOnBridge | undefined, record: UplinkRecord | undefined): Command =>
    host.vsctl.transaction([
      ...(where === undefined ? [] : [removePort(bridge, where.port.uuid)]),
      ...giveUp(bridge, key, record?.moved !== undefined),
    ])
  const look = async () => {
    const [where, row] = await Promise.all([ownUplink(host, place), host.ovs.bridge(bridge)])
    const ids = row?.externalIds ?? {}
    return { where, record: readUplink(ids, uplink), isThere: where !== undefined || key in ids }
  }
  return {
    id: 'uplink.leave',
    title: `Take ${uplink} out of ${bridge}${shown.record?.moved === undefined ? '' : ', with its addresses and routes'}`,
    leaves: `${uplink} on ${bridge}${shown.record?.moved === undefined ? '' : ', with its addresses and routes'}`,
    commands: () => [
      ...(hasShield ? [lowerShield(uplink)] : []),
      ...(shown.record?.moved === undefined ? [] : backCommands(place, shown.record.moved, shown.local)),
      ...(shown.record?.up === false ? [down] : []),
      leave(shown.where, shown.record),
    ],
    isDone: async () => !(await look()).isThere,
    async apply(signal) {
      const { where, record, isThere } = await look()
      if (!isThere) return
      if (hasShield && (await isShielded(host.run, uplink, signal))) await host.run(lowerShield(uplink), signal)
      if (record?.moved !== undefined) {
        await moveBack(host, place, record.moved, signal)
        const lines = clearLines(place, record.moved, await seen(host, bridge, signal))
        if (lines.length > 0) await host.run(ipBatch(lines), signal)
      }
      if (record?.up === false && (await readNic(host.run, uplink, signal))?.isUp === true) await host.run(down, signal)
      await host.run(leave(where, record), signal)
    },
  }
}
