// The inside of a container's network, read with ip(8) and not with the code of ovsd.
import { toolIn } from './tool.ts'

export interface InterfaceSeen {
  readonly index: number
  readonly mac: string
  readonly mtu: number
  readonly up: boolean
  /** Declared ones: without those that the kernel gives itself. */
  readonly addresses: readonly string[]
  /** `TO` or `TO,VIA`; without the networks of its own addresses. */
  readonly routes: readonly string[]
}

interface Address {
  readonly ifindex: number
  readonly ifname: string
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

/** Every interface in a network namespace, by name. */
export function insideSeen(netns: string): ReadonlyMap<string, InterfaceSeen> {
  const read = (...args: string[]): unknown => JSON.parse(toolIn(netns, 'ip', '-json', ...args) || '[]')
  const routes = [
    ...(read('-4', 'route', 'show') as Route[]).map((route) => ({ any: '0.0.0.0/0', ...route })),
    ...(read('-6', 'route', 'show') as Route[]).map((route) => ({ any: '::/0', ...route })),
  ].filter(({ protocol, dst }) => protocol !== 'kernel' && !dst.startsWith('fe80:'))
  return new Map(
    (read('address', 'show') as Address[]).map((one) => [
      one.ifname,
      {
        index: one.ifindex,
        mac: one.address ?? '',
        mtu: one.mtu,
        up: one.flags.includes('UP'),
        addresses: one.addr_info
          .filter(({ scope, local }) => scope === 'global' && local !== undefined)
          .map(({ local, prefixlen }) => `${local ?? ''}/${prefixlen}`)
          .sort(),
        routes: routes
          .filter(({ dev }) => dev === one.ifname)
          .map(({ dst, any, gateway }) => [dst === 'default' ? any : dst, gateway ?? ''].join(',').replace(/,$/, ''))
          .sort(),
      },
    ]),
  )
}
