import { setTimeout as sleep } from 'node:timers/promises'
import type { Attachment } from '../../attach/attachment.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { interfacesIn } from '../../net/ip-json.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

const POLL_MS = 100

/**
 * Asks the wire whether somebody has an address before it is taken: ARP probes for IPv4 (RFC 5227, `arping -D`), the
 * kernel's duplicate address detection for IPv6 (RFC 4862). The port is there already, so the right VLAN is asked.
 */
export function addressProbe(host: Host, attachment: Attachment, netns: Netns): ReversibleStep {
  const { iface, addresses } = attachment
  const v4 = addresses.filter(({ ip }) => ip.family === 4)
  const v6 = addresses.filter(({ ip }) => ip.family === 6)
  const up: Command = {
    tool: 'ip',
    args: ['-batch', '-'],
    inside: netns,
    input: [`link set dev ${iface} up`, ...v6.map(({ text }) => `address replace ${text} dev ${iface}`), ''].join('\n'),
  }
  const asks: readonly (readonly [string, Command])[] = v4.map(({ ip, text }) => [
    text,
    { tool: 'arping', args: ['-D', '-q', '-c', '2', '-w', '2', '-I', iface, ip.text], inside: netns, okStatuses: [1] },
  ])
  return {
    id: 'address.probe',
    title: `Ask the network whether ${addresses.map(({ ip }) => ip.text).join(', ')} ${addresses.length > 1 ? 'are' : 'is'} free`,
    leaves: `settings of ${iface}`,
    goesWith: 'veth.create',
    commands: () => [up, ...asks.map(([, command]) => command)],
    isDone: () => Promise.resolve(false),
    async apply(signal) {
      await host.run(up, signal)
      const answers = await Promise.all(
        asks.map(async ([address, command]) => ({ address, ...(await host.run(command, signal)) })),
      )
      const taken =
        answers.find(({ status }) => status === 1)?.address ??
        (await duplicateOf(host, iface, netns, v6.length > 0, signal))
      if (taken !== undefined)
        throw new Refused('AddressInUse', `Somebody on ${attachment.bridge} already answers for ${taken}.`, {
          next: 'Give the container another address.',
        })
    },
    undo: () => Promise.resolve(),
  }
}

/** Waits until the kernel has asked about every IPv6 address; gives the first that somebody else has. */
async function duplicateOf(
  host: Host,
  iface: string,
  netns: Netns,
  hasV6: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  while (hasV6) {
    const state = (await interfacesIn(host.run, netns, signal)).get(iface)
    if (state === undefined || state.duplicate.length > 0 || state.tentative.length === 0) return state?.duplicate[0]
    await sleep(POLL_MS, undefined, { signal })
  }
  return undefined
}
