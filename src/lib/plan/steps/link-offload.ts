import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Turns off transmit checksum offload on the container's end, which is called `link` in the namespace, or on the host without one. A userspace bridge takes the frames as they are, with the
 * checksums that the kernel left for hardware to fill in: ping works then, TCP does not.
 */
export function linkOffload(host: Host, link: string, netns: Netns | undefined): ReversibleStep {
  const where = netns === undefined ? {} : ({ inside: netns, joint: 'inside' } as const)
  const command: Command = { tool: 'ethtool', args: ['-K', link, 'tx', 'off'], ...where }
  const query: Command = { tool: 'ethtool', args: ['-k', link], ...(netns === undefined ? {} : { inside: netns }) }
  return {
    id: 'link.offload',
    title: `Turn off checksum offload on ${link} (userspace bridge)`,
    leaves: `settings of ${link}`,
    goesWith: 'veth.create',
    commands: () => [command],
    isDone: async (signal) => /^tx-checksumming: off$/m.test((await host.run(query, signal)).stdout),
    async apply(signal) {
      await host.run(command, signal)
    },
    undo: () => Promise.resolve(),
  }
}
