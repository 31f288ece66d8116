import type { Host } from '../../host.ts'
import type { Step } from '../step.ts'

/** Removes a bridge that ovsd made, with what is recorded on it; not one that somebody's port is on meanwhile. */
export function bridgeRemove(host: Host, bridge: string): Step & { readonly leaves: string } {
  const command = host.vsctl.delBridge(bridge)
  return {
    id: 'bridge.remove',
    title: `Remove bridge ${bridge}`,
    leaves: `bridge ${bridge}`,
    commands: () => [command],
    isDone: async () => (await host.ovs.bridge(bridge)) === undefined,
    async apply(signal) {
      const ports = await host.ovs.portsOf(bridge)
      if (ports.length > 0) throw new Error(`${ports.join(', ')} came onto ${bridge} meanwhile`)
      await host.run(command, signal)
    },
  }
}
