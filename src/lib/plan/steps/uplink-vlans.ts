import { partMarks } from '../../attach/marks.ts'
import type { Host } from '../../host.ts'
import type { UplinkPlace } from '../../network/uplink-vlans.ts'
import { columnsOfVlan, describeVlan, type Vlan, type VlanColumns } from '../../net/vlan.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'
import { ownUplink, UPLINK } from './uplink-port.ts'

/** How a NIC is used by networks that share it: under the name of which one its port is marked, and with which VLANs. */
export interface UplinkUse {
  readonly network: string
  readonly columns: VlanColumns
}

/** Sets the VLANs that a NIC carries, all of them at once, when a network comes to it or goes. */
export function uplinkVlans(
  host: Host,
  place: UplinkPlace,
  wanted: { readonly network: string; readonly vlan: Vlan },
  before: UplinkUse,
): ReversibleStep {
  const { bridge, uplink } = place
  const columns = columnsOfVlan(wanted.vlan)
  const set = host.vsctl.setVlanColumns(uplink, columns)
  const mark = (network: string) => host.vsctl.setMarks(uplink, partMarks(network, UPLINK))
  const marking = wanted.network === before.network ? [] : [mark(wanted.network)]
  return {
    id: 'uplink.vlans',
    title: `Set the VLANs of ${uplink} on ${bridge}: ${describeVlan(wanted.vlan)}`,
    leaves: `VLANs of ${uplink} on ${bridge}`,
    commands: () => [set, ...marking],
    isDone: async () => isSame((await ownUplink(host, place))?.port.vlanColumns, columns),
    async apply(signal) {
      for (const command of [set, ...marking]) await host.run(command, signal)
    },
    async undo(signal) {
      if ((await ownUplink(host, place)) === undefined) return
      await host.run(host.vsctl.setVlanColumns(uplink, before.columns, undefined, UNDO_WAIT_S), signal)
      if (marking.length > 0) await host.run(mark(before.network), signal)
    },
  }
}

/** Whether the columns are these. */
export const isSame = (now: VlanColumns | undefined, wanted: VlanColumns): boolean =>
  now?.tag === wanted.tag && now?.mode === wanted.mode && now.trunks.join() === wanted.trunks.join()
