import type { Host } from '../../host.ts'
import { givingBack } from '../../network/gateway-link.ts'
import type { Gateway } from '../../network/gateway.ts'
import type { PortOnBridge } from '../../ovs/reader.ts'
import type { Step } from '../step.ts'
import { giveBack } from './gateway-link.ts'
import { gatewayRow, removeGatewayPort } from './gateway-port.ts'

/** Takes a gateway off the host. `port` is its port, when it has one of its own and that is there. */
export function gatewayRemove(
  host: Host,
  gateway: Gateway,
  port: PortOnBridge | undefined,
): Step & { readonly leaves: string } {
  const { link, bridge, network, isOwnPort } = gateway
  const leave = host.vsctl.leaveOwnPort(bridge)
  return {
    id: 'gateway.remove',
    title: `Remove the gateway of ${network} (${link})`,
    leaves: `the gateway link ${link}`,
    commands: () =>
      isOwnPort
        ? [...givingBack(gateway), leave]
        : port === undefined
          ? []
          : [host.vsctl.removePorts([{ bridge, uuid: port.port.uuid }])],
    isDone: async () => !isOwnPort && (await gatewayRow(host, gateway)) === undefined,
    async apply(signal) {
      if (!isOwnPort) return removeGatewayPort(host, gateway, signal)
      await giveBack(host, gateway, signal)
      if ((await host.ovs.bridge(bridge)) !== undefined) await host.run(leave, signal)
    },
  }
}
