import type { Host } from '../host.ts'
import { openNetns } from '../system/netns.ts'

/** Where a namespace would send a packet. */
export interface Way {
  readonly dev: string
  /** Address that the packet would come from. */
  readonly from: string
  /** The router that it goes to first; undefined on the same segment. */
  readonly via: string | undefined
}

interface IpRoute {
  readonly dev?: string
  readonly prefsrc?: string
  readonly gateway?: string
}

/** The way of a namespace to an address, undefined when it has none. Error: CommandFailed. */
export async function wayTo(
  { run }: Host,
  netnsPath: string,
  whose: string,
  address: string,
): Promise<Way | undefined> {
  using inside = openNetns(netnsPath, whose)
  const family = address.includes(':') ? '-6' : '-4'
  // 2: "Network is unreachable".
  const args = [family, '-json', 'route', 'get', address]
  const { stdout } = await run({ tool: 'ip', args, inside, okStatuses: [2] })
  const [route] = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly IpRoute[]
  if (route?.dev === undefined || route.prefsrc === undefined) return undefined
  return { dev: route.dev, from: route.prefsrc, via: route.gateway }
}

/** What a namespace knows of the link-layer address of a neighbour: it, "silent" when it has asked in vain, or nothing yet. */
export async function neighbourOf(
  { run }: Host,
  netnsPath: string,
  whose: string,
  { dev }: Way,
  address: string,
): Promise<{ readonly mac: string } | 'silent' | undefined> {
  using inside = openNetns(netnsPath, whose)
  const { stdout } = await run({ tool: 'ip', args: ['-json', 'neighbour', 'show', 'dev', dev, 'to', address], inside })
  const [found] = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly {
    readonly lladdr?: string
    readonly state?: readonly string[]
  }[]
  if (found?.lladdr !== undefined) return { mac: found.lladdr }
  return found?.state?.some((one) => one === 'FAILED' || one === 'INCOMPLETE') === true ? 'silent' : undefined
}
