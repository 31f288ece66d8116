import type { Host } from '../../host.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Step } from '../step.ts'

/** Whether ovn-controller made a port: a tunnel, or an end of what connects `br-int` and the bridge of a physical network. */
export const isOfController = ({ port }: PortOnBridge): boolean => port.isOfOvn === true

const controllerPorts = async (host: Host): Promise<readonly PortOnBridge[]> =>
  (await host.ovs.everything()).filter(isOfController)

/**
 * Removes the ports that ovn-controller made: it does so itself, unless it was killed, or is stopped before it has seen that they
 * are of no use any more. To be done after its end.
 */
export function controllerPortsRemove(host: Host, found: readonly PortOnBridge[]): Step & { readonly leaves: string } {
  const command = (all: readonly PortOnBridge[]) =>
    host.vsctl.removePorts(all.map(({ bridge, port }) => ({ bridge: bridge.name, uuid: port.uuid })))
  return {
    id: 'controller-ports.remove',
    title: "Remove ovn-controller's tunnels and ports to physical networks",
    leaves: `ports of ovn-controller${found.map(({ port }) => ` ${port.name}`).join()}`,
    commands: () => (found.length === 0 ? [] : [command(found)]),
    isDone: async () => (await controllerPorts(host)).length === 0,
    async apply(signal) {
      const now = await controllerPorts(host)
      if (now.length > 0) await host.run(command(now), signal)
    },
  }
}
