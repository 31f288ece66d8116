import { portName, type Attachment } from '../../attach/attachment.ts'
import { isSameAttachment, marksFor, readMarks } from '../../attach/marks.ts'
import { persistKey, persistRecord } from '../../attach/persist.ts'
import { CommandFailed, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { describeVlan } from '../../net/vlan.ts'
import type { InterfaceRow } from '../../ovs/rows.ts'
import type { ReversibleStep } from '../step.ts'
import { removePorts, UNDO_WAIT_S } from './port-remove.ts'

/**
 * Port, VLAN and marks in one transaction, so that the container is never on an untagged port for a moment. `hasRecord`: the
 * bridge has a record of this interface (attach/persist.ts). `more` are marks that an earlier port of it had besides.
 */
export function portAdd(
  host: Host,
  attachment: Attachment,
  hasRecord = false,
  more: Readonly<Record<string, string>> = {},
): ReversibleStep {
  const { bridge, vlan, target, iface, rate } = attachment
  const bridgeMarks = attachment.persist === true ? persistRecord(attachment) : {}
  const port = portName(target.id, iface)
  // Attached anew without --persist: what an earlier attachment asked for holds no longer.
  const forget = hasRecord && attachment.persist !== true ? [persistKey(target.id, iface)] : []
  const marks = { ...more, ...marksFor(attachment) }
  const command = host.vsctl.addPort({ bridge, port, vlan, rate, bridgeMarks, forget, marks })
  const find = async (): Promise<InterfaceRow | undefined> => (await host.ovs.interfaces([{ name: port }]))[0]?.[0]
  const works = (row: InterfaceRow | undefined): boolean =>
    row?.ofport !== undefined && row.ofport > 0 && row.error === ''
  return {
    id: 'port.add',
    title: `Add port ${port} to ${bridge}${vlan.kind === 'none' ? '' : ` (VLAN ${describeVlan(vlan)})`}`,
    leaves: `port ${port} on ${bridge}`,
    commands: () => [command],
    isDone: async () => works(await find()),
    async apply(signal) {
      try {
        await host.run(command, signal)
      } catch (error) {
        // Stopped by its time limit the transaction may be in all the same: what the database says is true.
        if (!(error instanceof CommandFailed && error.unknown) || signal.aborted) throw error
        const row = await find()
        if (row === undefined) throw error
      }
      // Exit status 0 says that the rows are written, not that ovs-vswitchd could use the device.
      const row = await find()
      if (!works(row)) throw portFailed(port, bridge, row)
    },
    async undo(signal) {
      // By the marks and not by the name alone: a row of that name without them is somebody else's.
      const rows = (await host.ovs.interfaces([{ name: port }])).flat()
      const ours = rows.filter((row) => isSameAttachment(readMarks(row.externalIds), target.id, iface))
      const found = await host.ovs.locate(ours)
      // A record that was there before stays: it keeps what the interface is to get at the next attempt.
      await removePorts(host, found, signal, { forget: !hasRecord, waitSeconds: UNDO_WAIT_S })
    },
  }
}

function portFailed(port: string, bridge: string, row: InterfaceRow | undefined): OvsdError {
  if (row === undefined)
    return new OvsdError('PortFailed', `Port ${port} vanished from ${bridge} while it was being added.`, {
      next: 'See who removes ports: ovs-vsctl show; journalctl -t ovs-vsctl',
    })
  if (row.ofport === undefined)
    return new OvsdError('SwitchSilent', 'ovs-vswitchd does not take up changes of the database.', {
      next: 'Restart it: systemctl restart openvswitch-switch',
    })
  return new OvsdError(
    'PortFailed',
    `ovs-vswitchd cannot use port ${port} on ${bridge}: ${row.error || 'no reason given'}.`,
    {
      next: 'See /var/log/openvswitch/ovs-vswitchd.log',
    },
  )
}
