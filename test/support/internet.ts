// The world outside of the host for both IP versions: outside() with IPv6, and counters of whose packets arrive there.
import { outside, type Outside } from './outside.ts'
import { tool, toolIn } from './tool.ts'

/** The host's address and that of the machine outside, beside HOST and OUT (RFC 3849). */
export const HOST6 = '2001:db8::1'
export const OUT6 = '2001:db8::9'

/** Packets that came in outside, by where they are from. */
export interface Arrivals {
  readonly fromHost: number
  readonly fromOthers: number
}

export interface Internet extends Outside {
  /** Counts from the last call on; neighbour discovery aside. */
  arrivals(): Arrivals
}

export function internet(name?: string): Internet {
  const net = outside(name)
  tool('ip', 'address', 'add', `${HOST6}/64`, 'dev', net.link, 'nodad')
  toolIn(net.path, 'ip', 'address', 'add', `${OUT6}/64`, 'dev', net.far, 'nodad')
  const rules = [
    'add table inet seen',
    'add chain inet seen in { type filter hook prerouting priority -300; }',
    'add counter inet seen host',
    'add counter inet seen others',
    `add rule inet seen in iifname != "${net.far}" return`,
    'add rule inet seen in ip6 saddr fe80::/10 return',
    'add rule inet seen in icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit } return',
    'add rule inet seen in ip saddr 203.0.113.1 counter name host return',
    'add rule inet seen in ip6 saddr 2001:db8::1 counter name host return',
    'add rule inet seen in ip saddr != 0.0.0.0 counter name others',
    'add rule inet seen in meta nfproto ipv6 ip6 saddr != :: counter name others',
  ]
  for (const rule of rules) toolIn(net.path, 'nft', rule)
  const packets = (counter: string): number =>
    Number(/packets (\d+)/.exec(toolIn(net.path, 'nft', 'reset', 'counter', 'inet', 'seen', counter))?.[1])
  return {
    ...net,
    arrivals: () => ({ fromHost: packets('host'), fromOthers: packets('others') }),
  }
}
