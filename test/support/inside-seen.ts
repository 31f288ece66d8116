// The inside of a container's network, read with ip(8) and not with the code of ovsd.
import { tools } from './tool.ts'

export interface LinkSeen {
  readonly index: number
  /** Number of the other end of a pair, where that is; 0 for what is no pair. */
  readonly peer: number
  readonly mac: string
  readonly mtu: number
  readonly up: boolean
  /** Declared ones: without those that the kernel gives itself. */
  readonly addresses: readonly string[]
}

export interface InterfaceSeen extends LinkSeen {
  /** `TO` or `TO,VIA`; without the networks of its own addresses. */
  readonly routes: readonly string[]
}

interface Address {
  readonly ifindex: number
  readonly ifname: string
  readonly link_index?: number
  readonly address?: string
  readonly mtu: number
  readonly flags: readonly string[]
  readonly addr_info: readonly { readonly local?: string; readonly prefixlen: number; readonly scope: string }[]
}

interface Route {
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
  readonly protocol?: string
}

const parsed = (printed = ''): unknown => JSON.parse(printed || '[]')

const ADDRESSES = ['ip', '-json', 'address', 'show'] as const

/** Every interface in a network namespace, by name, without its routes. */
export const linksSeen = (netns: string): ReadonlyMap<string, LinkSeen> => linksIn(tools([ADDRESSES], netns)[0])

const linksIn = (printed: string | undefined): ReadonlyMap<string, LinkSeen> =>
  new Map(
    (parsed(printed) as Address[]).map((one) => [
      one.ifname,
      {
        index: one.ifindex,
        peer: one.link_index ?? 0,
        mac: one.address ?? '',
        mtu: one.mtu,
        up: one.flags.includes('UP'),
        addresses: one.addr_info
          .filter(({ scope, local }) => scope === 'global' && local !== undefined)
          .map(({ local, prefixlen }) => `${local ?? ''}/${prefixlen}`)
          .sort(),
      },
    ]),
  )

/** Every interface in a network namespace, by name. */
export function insideSeen(netns: string): ReadonlyMap<string, InterfaceSeen> {
  const looks = [['ip', '-json', '-4', 'route', 'show'], ['ip', '-json', '-6', 'route', 'show'], ADDRESSES]
  const [routes4, routes6, addresses] = tools(looks, netns)
  const routes = [
    ...(parsed(routes4) as Route[]).map((route) => ({ any: '0.0.0.0/0', ...route })),
    ...(parsed(routes6) as Route[]).map((route) => ({ any: '::/0', ...route })),
  ].filter(({ protocol, dst }) => protocol !== 'kernel' && !dst.startsWith('fe80:'))
  return new Map(
    [...linksIn(addresses)].map(([name, link]) => [
      name,
      {
        ...link,
        routes: routes
          .filter(({ dev }) => dev === name)
          .map(({ dst, any, gateway }) => [dst === 'default' ? any : dst, gateway ?? ''].join(',').replace(/,$/, ''))
          .sort(),
      },
    ]),
  )
}
