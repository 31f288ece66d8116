import type { Attachment } from '../../attach/attachment.ts'
import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Kernel settings of an interface that is to have IPv6 addresses, before it comes up: allow IPv6 at all (Docker turns it
 * off in its namespaces), and announce the addresses then, so that neighbours learn of a changed MAC at once.
 */
export function linkTune(host: Host, { iface }: Attachment, netns: Netns): ReversibleStep {
  const keys = `net/ipv6/conf/${iface}`
  const command: Command = {
    tool: 'sysctl',
    // Slashes, because an interface name may have dots. -e: a kernel without IPv6 has no such keys.
    args: ['-qew', `${keys}/ndisc_notify=1`, `${keys}/disable_ipv6=0`],
    inside: netns,
    joint: 'inside',
  }
  const key: Command = { tool: 'sysctl', args: ['-ne', `${keys}/ndisc_notify`], inside: netns }
  return {
    id: 'link.tune',
    title: `Allow IPv6 on ${iface}, and announce its addresses`,
    leaves: `settings of ${iface}`,
    goesWith: 'veth.create',
    commands: () => [command],
    isDone: async (signal) => (await host.run(key, signal)).stdout.trim() === '1',
    async apply(signal) {
      await host.run(command, signal)
    },
    // The settings belong to the interface and go with it (veth.create's undo).
    undo: () => Promise.resolve(),
  }
}
