import { BaseCommand } from '../base-command.ts'
import { parseBridge } from '../lib/net/ifname.ts'
import { collectGarbage, type GarbageResult } from '../lib/plan/collect-garbage.ts'
import { Flags } from '../oclif.ts'

export default class Gc extends BaseCommand {
  static override summary = 'Remove ports whose container is gone'
  static override description = `Removes ports that ovsd made and that serve nobody any more: their link is gone, their container stopped or was restarted since. And links that a killed run left behind, mirrors whose time is over or whose containers are gone, and rules of the firewall whose networks are gone. Ports of other tools, of containers that only another engine knows, and everything else that cannot be proved to be garbage, stay.`
  static override examples = [
    '<%= config.bin %> gc --dry-run',
    '<%= config.bin %> gc',
    '<%= config.bin %> gc --bridge=br0',
  ]
  static override flags = { bridge: Flags.string({ description: 'Only ports of this bridge', helpValue: 'BRIDGE' }) }

  async run(): Promise<object> {
    const { flags } = await this.parse(Gc)
    const bridge = flags.bridge === undefined ? undefined : parseBridge(flags.bridge, '--bridge')
    const outcome = await this.perform(flags, (host) => collectGarbage(host, bridge))
    return this.answer(outcome, flags, describe)
  }
}

function describe({ removed, centralAway }: GarbageResult): string {
  const lines = removed.map(
    ({ port, bridge: from, container, interface: iface, reason }) =>
      `Removed ${port}${from === '' ? '' : ` from ${from}`}${iface === '' ? '' : ` (${iface} of ${container})`}: ${reason}`,
  )
  return [
    ...(lines.length === 0 ? ['Nothing to remove.'] : lines),
    ...(centralAway ? ['Logical ports were not looked at: central of OVN does not answer. See: ovsd ovn status'] : []),
  ].join('\n')
}
