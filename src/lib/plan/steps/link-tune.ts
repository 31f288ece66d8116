import type { Attachment } from '../../attach/attachment.ts'
import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Kernel settings of the new interface, before it comes up: announce its addresses then (so that neighbours learn of a
 * changed MAC at once), and allow IPv6 where an IPv6 address is wanted (Docker turns it off in its namespaces).
 */
export function linkTune(host: Host, attachment: Attachment, netns: Netns): ReversibleStep {
  const { iface, addresses } = attachment
  const ipv6 = addresses.some(({ ip }) => ip.family === 6)
  const command: Command = {
    tool: 'sysctl',
    // Slashes, because an interface name may have dots. -e: a kernel without IPv6 has no such keys.
    args: [
      '-qew',
      `net/ipv4/conf/${iface}/arp_notify=1`,
      ...(ipv6 ? [`net/ipv6/conf/${iface}/ndisc_notify=1`, `net/ipv6/conf/${iface}/disable_ipv6=0`] : []),
    ],
    inside: netns,
  }
  const key: Command = { tool: 'sysctl', args: ['-ne', `net/ipv4/conf/${iface}/arp_notify`], inside: netns }
  return {
    id: 'link.tune',
    title: `Have ${iface} announce its addresses`,
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
