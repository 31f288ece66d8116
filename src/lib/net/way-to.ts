import type { Runner } from '../system/runner.ts'
import { parseIp, type IpAddress } from './ip-address.ts'

/** How packets of this host get to an address. */
export interface Way {
  /** True for an address of the host itself. */
  readonly isHere: boolean
  readonly dev: string
  /** The device that `dev` is a VLAN of, else `dev` itself. */
  readonly below: string
  /** Most that a packet may have on this way, in bytes: of the device, or less if the route says so. */
  readonly mtu: number
}

/** What `ip -json route get` tells of one address. */
interface IpRoute {
  readonly dst: string
  readonly type?: string
  readonly dev?: string
  readonly metrics?: readonly { readonly mtu?: number }[]
}

interface IpLink {
  readonly ifname: string
  readonly link?: string
  readonly mtu: number
  readonly linkinfo?: { readonly info_kind?: string }
}

/**
 * The ways to addresses, by their text; an address without one is not among them: no route, or one that says
 * unreachable. Two processes for any number of addresses. Error: CommandFailed.
 */
export async function waysTo(
  run: Runner,
  addresses: readonly IpAddress[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Way>> {
  const routes = await answers<IpRoute>(
    run,
    addresses.map(({ text }) => `route get ${text}`),
    signal,
  )
  const devices = [...new Set(routes.flatMap(({ dev }) => dev ?? []))]
  const links = await answers<IpLink>(
    run,
    devices.map((dev) => `link show dev ${dev}`),
    signal,
  )
  const linkOf = new Map(links.map((link) => [link.ifname, link]))
  return new Map(
    routes.flatMap(({ dst, type, dev = '', metrics = [] }) => {
      const link = linkOf.get(dev)
      if (link === undefined) return []
      const isVlan = link.linkinfo?.info_kind === 'vlan'
      const way: Way = {
        ...{ isHere: type === 'local', dev, below: isVlan ? (link.link ?? dev) : dev },
        mtu: Math.min(link.mtu, ...metrics.flatMap(({ mtu }) => mtu ?? [])),
      }
      return [[parseIp(dst, 'dst').text, way] as const]
    }),
  )
}

/** `-force` goes on past what the kernel has no answer to, and ends with 1 then; each answer is a line. */
async function answers<T>(run: Runner, lines: readonly string[], signal?: AbortSignal): Promise<readonly T[]> {
  if (lines.length === 0) return []
  const { stdout } = await run(
    {
      tool: 'ip',
      args: ['-json', '-details', '-force', '-batch', '-'],
      input: lines.map((line) => `${line}\n`).join(''),
      okStatuses: [1],
    },
    signal,
  )
  return stdout.split('\n').flatMap((line) => (line.trim() === '' ? [] : (JSON.parse(line) as readonly T[])))
}
