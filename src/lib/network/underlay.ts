// What the tunnels of a network go over: the routes from this host to the others.
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { IpAddress } from '../net/ip-address.ts'
import { waysTo, type Way } from '../net/way-to.ts'
import type { NetworkSpec } from './spec.ts'
import { OVERHEAD } from './vxlan.ts'

/** How much fits into tunnels, and what limits it. */
export interface Room {
  /** The largest MTU for what is inside, in bytes. */
  readonly mtu: number
  readonly remote: string
  readonly dev: string
}

/** The room in tunnels to these hosts, of which the narrowest counts; undefined when there is a way to none of them. */
export async function roomTo(
  host: Host,
  remotes: readonly IpAddress[],
  signal?: AbortSignal,
): Promise<Room | undefined> {
  return narrowest(remotes, await waysTo(host.run, remotes, signal))
}

function narrowest(remotes: readonly IpAddress[], ways: ReadonlyMap<string, Way>): Room | undefined {
  const rooms = remotes.flatMap(({ text, family }) => {
    const way = ways.get(text)
    return way === undefined ? [] : [{ mtu: way.mtu - OVERHEAD[family], remote: text, dev: way.dev }]
  })
  return rooms.sort((a, b) => a.mtu - b.mtu)[0]
}

/** What is known of the network's bridge before it is there. */
export interface TunnelSite {
  /** "netdev" or "system": what the bridge runs on. */
  readonly datapath: string
  readonly signal?: AbortSignal | undefined
  /** Leave an MTU alone that does not fit. */
  readonly force?: boolean | undefined
}

/** Kernel's MTU of interfaces that were given none, in bytes. */
const PLAIN_MTU = 1500

/** Refuses remotes that this host cannot send tunnels to, and an MTU that does not fit. Errors: TunnelImpossible, TunnelMtu. */
export async function refuseUnderlay(host: Host, spec: NetworkSpec, site: TunnelSite): Promise<void> {
  const { name, vxlan, mtu = PLAIN_MTU } = spec
  if (vxlan === undefined) return
  const ways = await waysTo(host.run, vxlan.remotes, site.signal)
  for (const { text } of vxlan.remotes) await refuseWay(host, spec, text, ways.get(text), site.datapath)
  const room = narrowest(vxlan.remotes, ways)
  if (room === undefined || mtu <= room.mtu || site.force === true) return
  const fits = String(room.mtu)
  throw new Refused(
    'TunnelMtu',
    `The MTU ${String(mtu)} of the network ${name} is too large: ${fits} fits into a tunnel to ${room.remote}, over ${room.dev}.`,
    { next: `Take the same on all hosts of the network: --mtu=${fits}; or raise the MTU of ${room.dev}.` },
  )
}

async function refuseWay(
  host: Host,
  { bridge }: NetworkSpec,
  remote: string,
  way: Way | undefined,
  datapath: string,
): Promise<void> {
  if (way === undefined)
    throw impossible(remote, 'there is no route to it', `See what the host would do: ip route get ${remote}`)
  if (way.isHere) throw impossible(remote, 'that is an address of this very host', 'Name the other hosts only.')
  const [where] = await host.ovs.locate((await host.ovs.interfaces([{ name: way.below }])).flat())
  if (way.below === bridge || where?.bridge.name === bridge)
    throw impossible(
      remote,
      `the route to it leads over ${way.dev} through ${bridge} itself, which would send a tunnel's frames into the tunnel`,
      'Put the network on another bridge: --bridge br1',
    )
  // The kernel datapath hands its tunnels to the kernel. The one in user space looks for a port of a bridge that has the
  // name of the route's device, and drops what it finds none for; nothing in the database says so ("native tunnel
  // routing failed", ovs-appctl ofproto/trace).
  const isPort = where?.interface.type === 'internal' && where.bridge.datapathType === 'netdev'
  if (datapath === 'netdev' && (!isPort || way.dev !== way.below))
    throw impossible(
      remote,
      `${bridge} runs in user space, where tunnels leave by ports of Open vSwitch only, and the route to it leads over ${way.dev}`,
      `Make a bridge of the way there, with ${way.dev} as its port and the addresses of ${way.dev} on it: ovs-vsctl add-br br-phy -- set Bridge br-phy datapath_type=netdev`,
    )
}

const impossible = (remote: string, why: string, next: string): Refused =>
  new Refused('TunnelImpossible', `There can be no tunnel to ${remote}: ${why}.`, { next })
