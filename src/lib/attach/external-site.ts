// What the host's interface is like on which an external address is to be reached, and whether it can be.
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { ExternalAddress } from '../net/external.ts'
import { linkExists } from '../net/links.ts'
import { answers } from './external-answers.ts'
import { refuseUsed, seeUses } from './external-uses.ts'
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
 * Looks at the interface. `end` is the name of the leg's link on the host, which may be there already. Errors:
 * ExternalInterfaceMissing, ExternalInterfaceUnfit, and AddressInUse for an address that the host itself has, or a use for.
 */
export async function lookAtSite(host: Host, external: ExternalAddress, end: string): Promise<Site> {
  const { link } = external
  if (!linkExists(link))
    throw new Refused('ExternalInterfaceMissing', `The host has no interface ${link}.`, {
      next: 'See which there are: ip -brief link',
    })
  const [[found], networks, uses] = await Promise.all([
    answers<IpLink>(host.run, ['-details', 'address', 'show', 'dev', link]),
    answers<{ readonly dst: string }>(host.run, ['-4', 'route', 'show', 'dev', link, 'proto', 'kernel']),
    seeUses(host.run, external),
    refuseContainersPort(host, link),
  ])
  const why = found === undefined ? 'cannot be looked at' : unfit(found)
  if (found === undefined || why !== undefined) throw unfitLink(link, why ?? '')
  refuseUsed(external, end, uses)
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
