import type { Host } from '../../host.ts'
import { readNic } from '../../net/nic.ts'
import { addressLines, clearLines, ipBatch } from '../../network/uplink-moving.ts'
import { addressKey, type Moved } from '../../network/uplink-record.ts'
import type { UplinkPlace } from '../../network/uplink-vlans.ts'
import type { ReversibleStep } from '../step.ts'

/** Gives the NIC's addresses to the bridge's own port as well: before the NIC joins, so that none is missing when it has. */
export function uplinkAddress(host: Host, place: UplinkPlace, moved: Moved): ReversibleStep {
  const { bridge } = place
  const local = async (signal: AbortSignal) => ({ nic: await readNic(host.run, bridge, signal), routes: [] })
  const keys = moved.addresses.map(addressKey)
  return {
    id: 'uplink.address',
    title: `Give ${keys.join(', ') || 'the routes'} to ${bridge} as well`,
    leaves: `addresses ${keys.join(', ')} on ${bridge}`,
    commands: () => [ipBatch(addressLines(place, moved, { nic: undefined, routes: [] }))],
    async isDone(signal) {
      const { nic } = await local(signal)
      return nic?.isUp === true && keys.every((key) => nic.addresses.some((one) => one.key === key))
    },
    async apply(signal) {
      const lines = addressLines(place, moved, await local(signal))
      if (lines.length > 0) await host.run(ipBatch(lines), signal)
    },
    async undo(signal) {
      const lines = clearLines(place, moved, await local(signal))
      if (lines.length > 0) await host.run(ipBatch(lines), signal)
    },
  }
}
