// What the host's interface is like on which an external address is to be reached, and whether it can be.
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { ExternalAddress } from '../net/external.ts'
import { linkExists } from '../net/links.ts'
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import { PROTOCOL } from './external-leg.ts'
import { ownerOf } from './owners.ts'

/** The host's interface, as far as a leg has to know it. */
export interface Site {
  /** Bytes; both ends of the pair get the same. */
  readonly mtu: number
  /** Whether it has an IPv4 address of its own, to ask neighbours with. */
  readonly addressed: boolean
  /** Networks whose hosts are reached on it without a router. */
  readonly networks: readonly string[]
}

interface IpLink {
  readonly mtu: number
  readonly flags: readonly string[]
  readonly master?: string
  readonly linkinfo?: { readonly info_slave_kind?: string }
  readonly addr_info?: readonly { readonly family?: string }[]
}

/** Kinds of masters that take what comes in by the interface away from the host's own network. */
const TAKEN_OVER = ['bridge', 'openvswitch', 'bond', 'team']

/**
 * Looks at the interface. Errors: ExternalInterfaceMissing, ExternalInterfaceUnfit, and AddressInUse for an address that
 * the host itself has, or a use for.
 */
export async function lookAtSite(host: Host, external: ExternalAddress): Promise<Site> {
  const { ip, link, gateway } = external
  if (!linkExists(link))
    throw new Refused('ExternalInterfaceMissing', `The host has no interface ${link}.`, {
      next: 'See which there are: ip -brief link',
    })
  const [[found], networks] = await Promise.all([
    answers<IpLink>(host.run, ['-details', 'address', 'show', 'dev', link]),
    answers<{ readonly dst: string }>(host.run, ['-4', 'route', 'show', 'dev', link, 'proto', 'kernel']),
    refuseContainersPort(host, link),
    refuseHosts(host.run, ip.text),
    gateway === undefined ? undefined : refuseHosts(host.run, gateway.text),
    refuseForeign(host.run, ip.text),
  ])
  const why = found === undefined ? 'cannot be looked at' : unfit(found)
  if (found === undefined || why !== undefined) throw unfitLink(link, why ?? '')
  const addressed = found.addr_info?.some(({ family }) => family === 'inet') === true
  return { mtu: found.mtu, addressed, networks: networks.map(({ dst }) => dst) }
}

function unfit({ flags, master, linkinfo }: IpLink): string | undefined {
  if (flags.includes('LOOPBACK')) return 'is the loopback interface'
  if (flags.includes('NOARP')) return 'has no ARP'
  if (!flags.includes('UP')) return 'is down'
  return master !== undefined && TAKEN_OVER.includes(linkinfo?.info_slave_kind ?? '')
    ? `belongs to ${master}, and what comes in by it is not the host's`
    : undefined
}

const unfitLink = (link: string, why: string): Refused =>
  new Refused('ExternalInterfaceUnfit', `No external address can be reached on ${link}: it ${why}.`, {
    next: 'Name the interface that has the address of the host itself: ip -brief address',
  })

async function refuseContainersPort(host: Host, link: string): Promise<void> {
  const [[row] = []] = await host.ovs.interfaces([{ name: link }])
  if (row !== undefined && ownerOf(row) !== undefined) throw unfitLink(link, "is a container's port")
}

/** An address that the host answers for itself: what comes in for it never reaches a container. */
async function refuseHosts(run: Runner, address: string): Promise<void> {
  const [way] = await answers<{ readonly type?: string }>(run, ['-4', 'route', 'get', address])
  if (way?.type === 'local')
    throw new Refused('AddressInUse', `${address} is an address of this host.`, { next: 'Choose another one.' })
}

/** Somebody else leads the address somewhere already, or answers for it. */
async function refuseForeign(run: Runner, address: string): Promise<void> {
  const [routes, proxies] = await Promise.all([
    answers<{ readonly protocol?: string }>(run, ['-4', 'route', 'show', address]),
    answers<{ readonly dst: string; readonly protocol?: string }>(run, ['-4', 'neigh', 'show', 'proxy']),
  ])
  const foreign = [...routes, ...proxies.filter(({ dst }) => dst === address)].some(
    ({ protocol }) => protocol !== PROTOCOL,
  )
  if (foreign)
    throw new Refused('AddressInUse', `This host leads ${address} somewhere already.`, {
      next: `See: ip route show ${address}; ip neigh show proxy`,
    })
}

/** ip's answer; nothing when it says that there is none (status 2: no route to there, no such table). */
export async function answers<T>(run: Runner, args: readonly string[], signal?: AbortSignal): Promise<readonly T[]> {
  const command: Command = { tool: 'ip', args: ['-json', ...args], okStatuses: [2] }
  const { stdout, status } = await run(command, signal)
  return status === 0 && stdout.trim() !== '' ? (JSON.parse(stdout) as readonly T[]) : []
}
