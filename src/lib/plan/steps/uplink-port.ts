import { partMarks, readMarks } from '../../attach/marks.ts'
import { CommandFailed, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { UplinkPlace } from '../../network/uplink-vlans.ts'
import { describeVlan, type Vlan } from '../../net/vlan.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { ReversibleStep } from '../step.ts'
import { removePorts, UNDO_WAIT_S } from './port-remove.ts'

/** What the marks of an uplink's port call it. */
export const UPLINK = 'uplink'

/** The port that ovsd made for a NIC; undefined for one of somebody else. */
export async function ownUplink(host: Host, { bridge, uplink }: UplinkPlace): Promise<PortOnBridge | undefined> {
  const rows = (await host.ovs.interfaces([{ name: uplink }])).flat()
  const [where] = await host.ovs.locate(rows.filter((row) => readMarks(row.externalIds).part === UPLINK))
  return where?.bridge.name === bridge ? where : undefined
}

/** The NIC joins the bridge, with its VLANs and marks in one transaction: no frame of another network ever leaves by it. */
export function uplinkPort(host: Host, place: UplinkPlace, network: string, vlan: Vlan): ReversibleStep {
  const { bridge, uplink } = place
  const command = host.vsctl.addPort({ bridge, port: uplink, vlan, marks: partMarks(network, UPLINK) })
  return {
    id: 'uplink.port',
    title: `Add ${uplink} to ${bridge} (VLAN ${describeVlan(vlan)})`,
    leaves: `port ${uplink} on ${bridge}`,
    commands: () => [command],
    isDone: async () => works(await ownUplink(host, place)),
    async apply(signal) {
      try {
        await host.run(command, signal)
      } catch (error) {
        // Stopped by its time limit the transaction may be in all the same: what the database says is true.
        if (!(error instanceof CommandFailed && error.unknown) || signal.aborted) throw error
        if ((await ownUplink(host, place)) === undefined) throw error
      }
      // Exit status 0 says that the rows are written, not that ovs-vswitchd could use the NIC.
      const where = await ownUplink(host, place)
      if (!works(where)) throw failed(place, where)
    },
    async undo(signal) {
      const where = await ownUplink(host, place)
      if (where !== undefined) await removePorts(host, [where], signal, { waitSeconds: UNDO_WAIT_S })
    },
  }
}

const works = (where: PortOnBridge | undefined): boolean =>
  (where?.interface.ofport ?? 0) > 0 && where?.interface.error === ''

function failed({ bridge, uplink }: UplinkPlace, where: PortOnBridge | undefined): OvsdError {
  if (where !== undefined && where.interface.ofport === undefined)
    return new OvsdError('SwitchSilent', 'ovs-vswitchd does not take up changes of the database.', {
      next: 'Restart it: systemctl restart openvswitch-switch',
    })
  const why = where === undefined ? 'its port vanished meanwhile' : where.interface.error || 'no reason given'
  return new OvsdError('PortFailed', `ovs-vswitchd cannot use ${uplink} on ${bridge}: ${why}.`, {
    next: 'See /var/log/openvswitch/ovs-vswitchd.log',
  })
}
