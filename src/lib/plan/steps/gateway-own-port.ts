import type { Host } from '../../host.ts'
import { linkExists, macOf } from '../../net/links.ts'
import type { Gateway } from '../../network/gateway.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/**
 * Has a bridge's own port keep its MAC, which otherwise is the lowest of all ports' (ovs-vswitchd.conf.db(5),
 * other_config:hwaddr): the containers' neighbour caches would point nowhere whenever a port comes or goes.
 */
export function gatewayOwnPort(host: Host, gateway: Gateway): ReversibleStep {
  const { bridge, mac, mtu } = gateway
  const command = host.vsctl.keepOwnPort(bridge, mac, mtu)
  return {
    id: 'gateway.own-port',
    title: `Have ${bridge} keep the MAC ${mac}`,
    leaves: `other_config:hwaddr of bridge ${bridge}`,
    commands: () => [command],
    isDone: async () => linkExists(bridge) && (await macOf(host.run, bridge)) === mac,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      if ((await host.ovs.bridge(bridge)) !== undefined)
        await host.run(host.vsctl.leaveOwnPort(bridge, UNDO_WAIT_S), signal)
    },
  }
}
