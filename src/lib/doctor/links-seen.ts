import type { Runner } from '../system/runner.ts'

/** A link of the host, as `ip -json -details link` tells it. */
export interface LinkSeen {
  readonly name: string
  readonly mtu: number
  readonly isUp: boolean
  /** Whether something is at its other end, or in its socket. */
  readonly hasCarrier: boolean
  readonly mac: string
  /** "veth", "vxlan", "openvswitch" …; '' for hardware. */
  readonly kind: string
  readonly alias: string
  /** Index of the other end of a pair, in its own namespace; 0 for what has none. */
  readonly peerIndex: number
}

interface IpLink {
  readonly ifname: string
  readonly mtu: number
  readonly flags: readonly string[]
  readonly address?: string
  readonly ifalias?: string
  readonly link_index?: number
  readonly linkinfo?: { readonly info_kind?: string }
}

/** All links of the host, by name. Error: CommandFailed. */
export async function hostLinks(run: Runner): Promise<ReadonlyMap<string, LinkSeen>> {
  const { stdout } = await run({ tool: 'ip', args: ['-json', '-details', 'link', 'show'] })
  const links = JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly IpLink[]
  return new Map(
    links.map(({ ifname, mtu, flags, address = '', ifalias = '', linkinfo, link_index: peerIndex = 0 }) => [
      ifname,
      {
        ...{ name: ifname, mtu, mac: address, alias: ifalias, kind: linkinfo?.info_kind ?? '', peerIndex },
        ...{ isUp: flags.includes('UP'), hasCarrier: flags.includes('LOWER_UP') },
      },
    ]),
  )
}
