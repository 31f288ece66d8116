import type { Attachment } from '../../attach/attachment.ts'
import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Turns off transmit checksum offload on the container's end. A userspace bridge takes the frames as they are, with the
 * checksums that the kernel left for hardware to fill in: ping works then, TCP does not.
 */
export function linkOffload(host: Host, { iface }: Attachment, netns: Netns): ReversibleStep {
  const command: Command = { tool: 'ethtool', args: ['-K', iface, 'tx', 'off'], inside: netns, joint: 'inside' }
  const query: Command = { tool: 'ethtool', args: ['-k', iface], inside: netns }
  return {
    id: 'link.offload',
    title: `Turn off checksum offload on ${iface} (userspace bridge)`,
    leaves: `settings of ${iface}`,
    goesWith: 'veth.create',
    commands: () => [command],
    isDone: async (signal) => /^tx-checksumming: off$/m.test((await host.run(query, signal)).stdout),
    async apply(signal) {
      await host.run(command, signal)
    },
    undo: () => Promise.resolve(),
  }
}
