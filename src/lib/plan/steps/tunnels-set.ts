import { CommandFailed, OvsdError } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { isTunnelOf, type Tunnel } from '../../network/tunnel.ts'
import { lookAtTunnels } from '../../network/tunnels-look.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import { tunnelCommands } from '../../ovs/tunnel-commands.ts'
import type { ReversibleStep } from '../step.ts'
import { removePorts, UNDO_WAIT_S } from './port-remove.ts'

/** What there is to do about the tunnels of a network. */
export interface TunnelsToSet {
  readonly add: readonly Tunnel[]
  /** Those that are there with other settings. */
  readonly change: readonly Tunnel[]
  /** Ports of the network that are no tunnel it should have, or one that does not work and is made anew. */
  readonly remove: readonly PortOnBridge[]
}

/** Makes tunnels of a network what they should be, in one transaction; those that are not named here are not touched. */
export function tunnelsSet(host: Host, spec: NetworkSpec, { add, change, remove }: TunnelsToSet): ReversibleStep {
  const { name, bridge } = spec
  const removed = remove.map((where) => ({ bridge: where.bridge.name, uuid: where.port.uuid }))
  const command = host.vsctl.transaction(tunnelCommands({ bridge, add, change, remove: removed }))
  const remotes = [...add, ...change].map(({ remote }) => remote).join(', ')
  const right = [...change.map(({ port }) => `port ${port}`), ...remove.map(({ port }) => `what ${port.name} was`)]
  const faults = async () => (await lookAtTunnels(host, spec)).tunnels.filter(({ fault }) => fault !== undefined)
  return {
    id: 'tunnels.set',
    title:
      remotes === ''
        ? `Remove old tunnels of the network ${name} from ${bridge}`
        : `Set up the tunnels of the network ${name} on ${bridge} to ${remotes}`,
    leaves: `${add.length === 1 ? 'port' : 'ports'} ${add.map(({ port }) => port).join(', ')} on ${bridge}`,
    // What was otherwise was nothing to go back to.
    ...(right.length === 0 ? {} : { keeps: `changes of ${right.join(', ')} stay` }),
    commands: () => [command],
    async isDone() {
      const { tunnels, stale } = await lookAtTunnels(host, spec)
      return stale.length === 0 && tunnels.every(({ fault }) => fault === undefined)
    },
    async apply(signal) {
      try {
        await host.run(command, signal)
      } catch (error) {
        // Stopped by its time limit the transaction may be in all the same: what the database says is true.
        if (!(error instanceof CommandFailed && error.unknown) || signal.aborted) throw error
        if ((await faults()).some(({ fault }) => fault?.kind !== 'broken')) throw error
      }
      // Exit status 0 says that the rows are written, not that ovs-vswitchd could use them.
      const [broken] = await faults()
      if (broken !== undefined) throw tunnelFailed(broken.tunnel, broken.row?.ofport === undefined, broken.row?.error)
    },
    async undo(signal) {
      const rows = (await host.ovs.interfaces(add.map(({ port }) => ({ name: port })))).flat()
      const ours = rows.filter((row) => isTunnelOf(row, name))
      await removePorts(host, await host.ovs.locate(ours), signal, { waitSeconds: UNDO_WAIT_S })
    },
  }
}

function tunnelFailed({ remote, port, bridge }: Tunnel, isSilent: boolean, why = ''): OvsdError {
  if (isSilent)
    return new OvsdError('SwitchSilent', 'ovs-vswitchd does not take up changes of the database.', {
      next: 'Restart it: systemctl restart openvswitch-switch',
    })
  return new OvsdError(
    'TunnelFailed',
    `ovs-vswitchd cannot run the tunnel to ${remote} (port ${port} on ${bridge}): ${why || 'it gives no reason'}.`,
    { next: 'See /var/log/openvswitch/ovs-vswitchd.log' },
  )
}
