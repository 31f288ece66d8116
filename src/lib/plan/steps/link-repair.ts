import type { Attachment } from '../../attach/attachment.ts'
import type { Host } from '../../host.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'
import { configurationLines } from './link-configure.ts'

/** Puts back what is missing of a living attachment. What it has put back when it fails is right, and stays. */
export function linkRepair(
  host: Host,
  attachment: Attachment,
  netns: Netns,
  hostLink: string,
  wrong: readonly string[],
): ReversibleStep {
  const { iface, mtu } = attachment
  const outside: Command = { tool: 'ip', args: ['link', 'set', 'dev', hostLink, ...size(mtu), 'up'] }
  const inside: Command = {
    tool: 'ip',
    args: ['-batch', '-'],
    inside: netns,
    input: [
      `link set dev ${iface} address ${attachment.mac} ${size(mtu).join(' ')}`.trimEnd(),
      ...configurationLines(attachment),
      '',
    ].join('\n'),
  }
  return {
    id: 'link.repair',
    title: `Repair ${iface}: ${wrong.join(', ')}`,
    leaves: `settings of ${iface}`,
    keeps: `what was repaired of ${iface} stays`,
    commands: () => [outside, inside],
    isDone: () => Promise.resolve(false),
    async apply(signal) {
      await host.run(outside, signal)
      await host.run(inside, signal)
    },
    undo: () => Promise.resolve(),
  }
}

const size = (mtu: number | undefined): readonly string[] => (mtu === undefined ? [] : ['mtu', String(mtu)])
