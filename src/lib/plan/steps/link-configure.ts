import { specOf } from '../../attach/marks.ts'
import { calledFor, type Attachment } from '../../attach/attachment.ts'
import { differences } from '../../attach/inside.ts'
import type { Host } from '../../host.ts'
import { contains } from '../../net/cidr.ts'
import { interfacesIn, restoreLine, type DefaultRoute } from '../../net/ip-json.ts'
import { isLinkLocal, width } from '../../net/ip-address.ts'
import type { Command } from '../../system/command.ts'
import type { Netns } from '../../system/netns.ts'
import type { ReversibleStep } from '../step.ts'

/** Default routes that a gateway replaces, to be put back if the plan fails. */
export interface ReplacedRoutes {
  readonly family: 4 | 6
  readonly routes: readonly DefaultRoute[]
}

/** Addresses, link up, routes: one `ip -batch` inside the namespace, after the port is in place so that the announcement is heard. */
export function linkConfigure(
  host: Host,
  attachment: Attachment,
  netns: Netns,
  replaced: readonly ReplacedRoutes[],
): ReversibleStep {
  const { iface, target } = attachment
  const batch = (lines: readonly string[], force: boolean): Command => ({
    tool: 'ip',
    args: [...(force ? ['-force'] : []), '-batch', '-'],
    input: `${lines.join('\n')}\n`,
    inside: netns,
  })
  const command: Command = {
    ...batch([...configurationLines(attachment), ...announcements(attachment)], false),
    joint: 'inside',
  }
  return {
    id: 'link.configure',
    title: `Configure ${iface}${summary(attachment)}`,
    leaves: `addresses of ${iface} in ${calledFor(target)}`,
    commands: () => [command],
    async isDone(signal) {
      const state = (await interfacesIn(host.run, netns, signal)).get(iface)
      return state !== undefined && differences(specOf(attachment), state).length === 0
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      const state = (await interfacesIn(host.run, netns, signal)).get(iface)
      const down = state === undefined ? [] : [`link set dev ${iface} down`, `address flush dev ${iface}`]
      // Last: the old default route may need a place that ours still holds.
      const restore = replaced.flatMap(({ family, routes }) => routes.map((route) => restoreLine(route, family)))
      if (down.length + restore.length > 0) await host.run(batch([...down, ...restore], false), signal)
    },
  }
}

/** The lines of `ip -batch` that bring an interface to what is declared; each may be repeated. */
export function configurationLines({ iface, addresses, gateways, routes }: Attachment): string[] {
  return [
    // nodad: usable at once, as Docker's own addresses are; --probe is there to ask before.
    ...addresses.map(({ ip, text }) => `address replace ${text} dev ${iface}${ip.family === 6 ? ' nodad' : ''}`),
    `link set dev ${iface} up`,
    ...gateways.flatMap((gateway) => {
      const near = isLinkLocal(gateway) || addresses.some((address) => contains(address, gateway))
      const all = gateway.family === 4 ? 'default' : '::/0'
      return [
        ...(near ? [] : [`route replace ${gateway.text}/${String(width(gateway.family))} dev ${iface}`]),
        `route replace ${all} via ${gateway.text} dev ${iface}`,
      ]
    }),
    ...routes.map(
      ({ to, via }) => `route replace ${to.text}${via === undefined ? '' : ` via ${via.text}`} dev ${iface}`,
    ),
  ]
}

/**
 * Has the kernel announce the IPv4 addresses, three times, a second apart (RFC 5227, section 2.3): it probes a neighbour
 * that has the interface's own address and the broadcast MAC, and forgets it when nobody answers. `arp_notify` would do
 * the same, but only a process of its own can set it. IPv6 addresses are announced by link.tune's setting.
 */
function announcements({ iface, addresses }: Attachment): readonly string[] {
  return addresses
    .filter(({ ip }) => ip.family === 4)
    .map(({ ip }) => `neigh replace ${ip.text} dev ${iface} lladdr ff:ff:ff:ff:ff:ff nud probe`)
}

function summary({ addresses, gateways }: Attachment): string {
  const parts = [...addresses.map(({ text }) => text), ...gateways.map(({ text }) => `gateway ${text}`)]
  return parts.length === 0 ? '' : `: ${parts.join(', ')}`
}
