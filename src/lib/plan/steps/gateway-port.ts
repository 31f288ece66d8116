import { partMarks, readMarks } from '../../attach/marks.ts'
import { OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Gateway } from '../../network/gateway.ts'
import type { InterfaceRow } from '../../ovs/rows.ts'
import type { ReversibleStep } from '../step.ts'
import { removePorts, UNDO_WAIT_S } from './port-remove.ts'

const PART = 'gateway'

/** The row of a gateway's port; undefined without one that carries the network's marks. */
export async function gatewayRow(host: Host, { link, network }: Gateway): Promise<InterfaceRow | undefined> {
  const [row] = (await host.ovs.interfaces([{ name: link, has: partMarks(network, PART) }])).flat()
  return row
}

/**
 * Adds the port for a gateway: with its tag from the transaction that creates it, so that the host is in no other segment
 * for a moment. Down, and without an address, until gateway.link. `isThere`: there is such a port, in another VLAN.
 */
export function gatewayPort(host: Host, gateway: Gateway, isThere = false): ReversibleStep {
  const { bridge, link, tag, mac, mtu, network } = gateway
  const marks = partMarks(network, PART)
  const command = host.vsctl.addInternalPort({ bridge, port: link, tag, mac, mtu, marks })
  const move = host.vsctl.setVlanColumns(link, { tag, trunks: [], mode: 'access' })
  const works = (row: InterfaceRow | undefined): boolean =>
    row?.ofport !== undefined && row.ofport > 0 && row.error === ''
  return {
    id: 'gateway.port',
    title: `Add port ${link} to ${bridge} for the gateway of ${network}${tag === 0 ? '' : ` (VLAN ${String(tag)})`}`,
    leaves: `port ${link} on ${bridge}`,
    commands: () => [isThere ? move : command],
    isDone: async () => works(await gatewayRow(host, gateway)),
    async apply(signal) {
      await host.run((await gatewayRow(host, gateway)) === undefined ? command : move, signal)
      // Exit status 0 says that the rows are written, not that ovs-vswitchd could make the interface.
      const row = await gatewayRow(host, gateway)
      if (!works(row)) throw portFailed(link, bridge, row)
    },
    undo: (signal) => removeGatewayPort(host, gateway, signal, UNDO_WAIT_S),
  }
}

/** Takes the port away, and the link with it, if it is there and carries the network's marks. */
export async function removeGatewayPort(
  host: Host,
  gateway: Gateway,
  signal: AbortSignal,
  waitSeconds?: number,
): Promise<void> {
  const row = await gatewayRow(host, gateway)
  if (row === undefined || readMarks(row.externalIds).part !== PART) return
  const found = await host.ovs.locate([row])
  await removePorts(host, found, signal, waitSeconds === undefined ? {} : { waitSeconds })
}

function portFailed(port: string, bridge: string, row: InterfaceRow | undefined): OvsdError {
  if (row?.ofport === undefined)
    return new OvsdError('SwitchSilent', 'ovs-vswitchd does not take up changes of the database.', {
      next: 'Restart it: systemctl restart openvswitch-switch',
    })
  return new OvsdError(
    'PortFailed',
    `ovs-vswitchd cannot use port ${port} on ${bridge}: ${row.error || 'no reason given'}.`,
    { next: 'See /var/log/openvswitch/ovs-vswitchd.log' },
  )
}
