import type { Host } from '../../host.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Step } from '../step.ts'

/** Both ends of what ovn-controller connects `br-int` and the bridges of physical networks with (ovn-controller(8), ovn-bridge-mappings). */
export const localnetPorts = async (host: Host): Promise<readonly PortOnBridge[]> =>
  (await host.ovs.everything()).filter(({ port }) => port.localnet !== undefined)

/**
 * Removes the ports that ovn-controller made towards physical networks: it does so itself, unless it is stopped before it has seen
 * that they are of no use any more. To be done after its end.
 */
export function localnetPortsRemove(host: Host, found: readonly PortOnBridge[]): Step & { readonly leaves: string } {
  const command = (all: readonly PortOnBridge[]) =>
    host.vsctl.removePorts(all.map(({ bridge, port }) => ({ bridge: bridge.name, uuid: port.uuid })))
  return {
    id: 'localnet-ports.remove',
    title: "Remove OVN's ports to physical networks",
    leaves: `ports ${found.map(({ port }) => port.name).join(', ')}`,
    commands: () => [command(found)],
    isDone: async () => (await localnetPorts(host)).length === 0,
    async apply(signal) {
      const now = await localnetPorts(host)
      if (now.length > 0) await host.run(command(now), signal)
    },
  }
}
