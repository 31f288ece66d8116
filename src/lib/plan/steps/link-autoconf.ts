import type { Attachment } from '../../attach/attachment.ts'
import type { Host } from '../../host.ts'
import { defaultRouteFamilies } from '../../net/proc-net.ts'
import type { Command } from '../../system/command.ts'
import { netnsInode, type Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Kernel settings of an interface whose addresses come from its network: IPv6 addresses by router advertisements (RFC
 * 4862), which Docker turns off in its namespaces. A container that has a default route for IPv6 keeps it as the only one.
 */
export function linkAutoconf(host: Host, { iface }: Attachment, netns: Netns): ReversibleStep {
  const keys = `net/ipv6/conf/${iface}`
  const seen = defaultRouteFamilies(netns.path)
  // Asked afterwards, so that what was seen is of this namespace.
  const hasWayOut = netnsInode(netns.path) === netns.inode && seen?.has(6) === true
  const settings = [
    `${keys}/accept_ra=1`,
    `${keys}/accept_ra_defrtr=${hasWayOut ? '0' : '1'}`,
    `${keys}/autoconf=1`,
    `${keys}/disable_ipv6=0`,
  ]
  const command: Command = {
    tool: 'sysctl',
    // As in link.tune: -e, because a kernel without IPv6, and an MTU below 1280, have no such keys.
    args: ['-qew', ...settings],
    inside: netns,
    joint: 'inside',
  }
  const query: Command = {
    tool: 'sysctl',
    args: ['-e', ...settings.map((setting) => setting.replace(/=.*/, ''))],
    inside: netns,
  }
  return {
    id: 'link.autoconf',
    title: `Accept router advertisements on ${iface}`,
    leaves: `settings of ${iface}`,
    goesWith: 'veth.create',
    commands: () => [command],
    async isDone(signal) {
      const { stdout } = await host.run(query, signal)
      const is = stdout.split('\n').map((line) => line.replace(' = ', '='))
      return settings.every((setting) => is.includes(setting.replaceAll('/', '.')) || is.includes(setting))
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    undo: () => Promise.resolve(),
  }
}
