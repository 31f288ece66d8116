import type { Target } from '../../attach/attachment.ts'
import { PROTOCOL, routingTable, RULE_TABLE, type Leg } from '../../attach/external-leg.ts'
import type { Site } from '../../attach/external-site.ts'
import { CommandFailed, Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { NEXT_HOP } from '../../net/external.ts'
import { interfacesIn } from '../../net/ip-json.ts'
import { linkExists } from '../../net/links.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'
import { deleteLinks } from './link-remove.ts'

/**
 * Creates the leg's pair, and the way back inside: what the container sends from the address goes out by the leg, whatever
 * its default route is. Each end is told the other's MAC, so that nobody has to answer ARP requests there.
 */
export function externalLink(host: Host, leg: Leg, target: Target, netns: Netns, { mtu }: Site): ReversibleStep {
  const { end, inside, ip, alias, endMac, insideMac } = leg
  const size = `mtu ${String(mtu)}`
  const create: Command = {
    tool: 'ip',
    args: ['-batch', '-'],
    mentions: netns,
    input: [
      `link add ${end} address ${endMac} ${size} type veth peer name ${inside} address ${insideMac} ${size} netns ${netns.path}`,
      `link set dev ${end} alias ${alias}`,
      ...(mtu < 1280 ? [] : [`link set dev ${end} addrgenmode none`]),
      '',
    ].join('\n'),
  }
  const rule = ['from', ip, 'lookup', routingTable(ip), 'pref', RULE_TABLE, 'protocol', PROTOCOL]
  const configure: Command = {
    tool: 'ip',
    args: ['-batch', '-'],
    inside: netns,
    input: [
      `address replace ${ip}/32 dev ${inside}`,
      `link set dev ${inside} address ${insideMac} ${size} up`,
      `neigh replace ${NEXT_HOP} dev ${inside} lladdr ${endMac} nud permanent`,
      `route replace default via ${NEXT_HOP} dev ${inside} onlink table ${routingTable(ip)}`,
      // The last line, because it is the only one that cannot be repeated.
      `rule add ${rule.join(' ')}`,
      '',
    ].join('\n'),
  }
  const forget: Command = { tool: 'ip', args: ['rule', 'del', ...rule], inside: netns, okStatuses: [2] }
  return {
    id: 'external.link',
    title: `Create ${inside} with ${ip} in the container (host side ${end})`,
    leaves: `link ${end}`,
    commands: () => [create, configure],
    async isDone(signal) {
      const state = linkExists(end) ? (await interfacesIn(host.run, netns, signal)).get(inside) : undefined
      return state?.up === true && state.addresses.includes(`${ip}/32`)
    },
    async apply(signal) {
      if (!linkExists(end)) await orTaken(host.run(create, signal), inside, target)
      await orRuleThere(host.run(configure, signal))
    },
    async undo(signal) {
      await deleteLinks(host, [end], signal)
      await host.run(forget, signal)
    },
  }
}

/** ip's words for EEXIST on the first line: the name is taken inside, and nothing was created. */
async function orTaken(creation: Promise<unknown>, inside: string, { typed }: Target): Promise<void> {
  try {
    await creation
  } catch (cause) {
    if (!(cause instanceof CommandFailed && /File exists[\s\S]*Command failed -:1\b/.test(cause.said))) throw cause
    throw new Refused(
      'InterfaceExists',
      `The container ${typed} already has an interface ${inside}, and it is not ovsd's.`,
      {
        cause,
        next: `Rename it: ovsd needs the name for the external address.`,
      },
    )
  }
}

/** The rule outlives the link that it was for, when that was deleted under a living container. */
async function orRuleThere(configuration: Promise<unknown>): Promise<void> {
  try {
    await configuration
  } catch (error) {
    if (!(error instanceof CommandFailed && /File exists[\s\S]*Command failed -:5\b/.test(error.said))) throw error
  }
}
