import type { Runner } from '../system/runner.ts'
import type { Netns } from '../system/netns.ts'
import { sharedLook } from '../system/shared-look.ts'

/** One address of an interface, as `ip -json address` tells it. */
interface IpJsonAddress {
  readonly local: string
  readonly prefixlen: number
  readonly scope: string
  readonly tentative?: boolean
  readonly dadfailed?: boolean
}

interface IpJsonLink {
  readonly ifname: string
  readonly address?: string
  readonly mtu: number
  readonly flags: readonly string[]
  readonly addr_info?: readonly IpJsonAddress[]
}

/** An interface as it is. */
export interface InterfaceState {
  readonly name: string
  readonly mac: string
  readonly mtu: number
  readonly up: boolean
  /** CIDR texts, without the link-local ones. */
  readonly addresses: readonly string[]
  /** CIDR texts of the link-local addresses, the kernel's own and others. */
  readonly linkLocal: readonly string[]
  /** IPv6 addresses that duplicate address detection is still asking about (RFC 4862). */
  readonly tentative: readonly string[]
  /** IPv6 addresses that somebody else answered for. */
  readonly duplicate: readonly string[]
}

/** A default route as `ip -json route` tells it. */
export interface DefaultRoute {
  readonly dst: string
  readonly gateway?: string
  readonly dev?: string
  /** Instead of gateway and dev: several ways at once. */
  readonly nexthops?: readonly { readonly gateway?: string; readonly dev: string; readonly weight?: number }[]
  readonly metric?: number
  readonly prefsrc?: string
  readonly protocol?: string
  readonly flags?: readonly string[]
}

/** The interfaces of a namespace, by name. */
export async function interfacesIn(
  run: Runner,
  inside: Netns,
  signal?: AbortSignal,
): Promise<Map<string, InterfaceState>> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'address', 'show'], inside }, signal)
  const links = JSON.parse(stdout === '' ? '[]' : stdout) as readonly IpJsonLink[]
  return new Map(links.map((link) => [link.ifname, stateOf(link)]))
}

function stateOf(link: IpJsonLink): InterfaceState {
  const all = link.addr_info ?? []
  const texts = (keep: (address: IpJsonAddress) => boolean): string[] =>
    all.filter(keep).map(({ local, prefixlen }) => `${local}/${String(prefixlen)}`)
  return {
    name: link.ifname,
    mac: link.address ?? '',
    mtu: link.mtu,
    up: link.flags.includes('UP'),
    addresses: texts(({ scope }) => scope !== 'link'),
    linkLocal: texts(({ scope }) => scope === 'link'),
    tentative: texts(({ scope, tentative }) => scope !== 'link' && tentative === true),
    duplicate: texts(({ scope, dadfailed }) => scope !== 'link' && dadfailed === true),
  }
}

/** A route as it is; `to` is `default` or a CIDR. */
export interface RouteState {
  readonly to: string
  readonly via?: string
  readonly dev?: string
  /** Where neither the destination nor a gateway says it. */
  readonly family?: 4 | 6
}

/** The routes of a namespace, of both families; those of one destination as the kernel takes them, the first one first. */
export async function routesIn(run: Runner, inside: Netns, signal?: AbortSignal): Promise<readonly RouteState[]> {
  const families = [4, 6] as const
  const answers = await Promise.all(
    families.map(async (family) => {
      const { stdout } = await run(
        { tool: 'ip', args: [`-${String(family)}`, '-json', 'route', 'show'], inside },
        signal,
      )
      const routes = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly DefaultRoute[]
      return routes.map(({ dst, gateway, dev }) => ({
        // ip leaves the prefix of a single address out.
        to: dst === 'default' || dst.includes('/') ? dst : `${dst}/${family === 4 ? '32' : '128'}`,
        ...(gateway === undefined ? { family } : { via: gateway }),
        ...(dev === undefined ? {} : { dev }),
      }))
    }),
  )
  return answers.flat()
}

/** A host's end of a pair. */
export interface HostEnd {
  readonly up: boolean
  readonly mtu: number
}

const looks = new WeakMap<Runner, () => Promise<ReadonlyMap<string, HostEnd>>>()

/**
 * The hosts' ends of pairs in this namespace, by name. Who asks at the same moment with the same runner shares one look at
 * all of them: there may be a thousand, and as many who ask.
 */
export function hostEnds(run: Runner): Promise<ReadonlyMap<string, HostEnd>> {
  const look = looks.get(run) ?? sharedLook(() => listHostEnds(run))
  looks.set(run, look)
  return look()
}

async function listHostEnds(run: Runner): Promise<ReadonlyMap<string, HostEnd>> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'link', 'show', 'type', 'veth'] })
  const links = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly IpJsonLink[]
  return new Map(links.map(({ ifname, flags, mtu }) => [ifname, { up: flags.includes('UP'), mtu }]))
}

/** The default routes of one family. */
export async function defaultRoutes(
  run: Runner,
  inside: Netns,
  family: 4 | 6,
  signal?: AbortSignal,
): Promise<readonly DefaultRoute[]> {
  const args = [`-${String(family)}`, '-json', 'route', 'show', 'default']
  const { stdout } = await run({ tool: 'ip', args, inside }, signal)
  return JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly DefaultRoute[]
}

/** The `ip -batch` line that puts a default route back as it was. */
export function restoreLine(route: DefaultRoute, family: 4 | 6): string {
  const { gateway, dev, nexthops = [], metric, prefsrc, protocol, flags = [] } = route
  const option = (name: string, value: string | number | undefined): readonly string[] =>
    value === undefined ? [] : [name, String(value)]
  return [
    ...['route', 'replace', family === 4 ? 'default' : '::/0'],
    ...option('via', gateway),
    ...option('dev', dev),
    ...option('proto', protocol),
    ...option('metric', metric),
    ...option('src', prefsrc),
    ...(flags.includes('onlink') ? ['onlink'] : []),
    ...nexthops.flatMap((hop) => [
      'nexthop',
      ...option('via', hop.gateway),
      ...option('dev', hop.dev),
      ...option('weight', hop.weight),
    ]),
  ].join(' ')
}
