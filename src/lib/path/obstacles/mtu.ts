// Large packets, where small ones arrive.
import { insideOf, type AttachmentSeen } from '../../doctor/attachments-seen.ts'
import { mtu, tunnelMtu } from '../../doctor/ports/mtu.ts'
import { parseIp } from '../../net/ip-address.ts'
import { roomTo } from '../../network/underlay.ts'
import { ovnTunnels } from '../../ovn/tunnels.ts'
import { quote } from '../../system/command.ts'
import type { Case, Obstacle } from '../case.ts'
import { askThere, portCalled } from '../ovn/asked.ts'
import { largeArrives, probe } from '../probe.ts'
import { isLogical } from './segment.ts'
import { roomInVxlan } from './vxlan.ts'

/** What says nothing about links between containers: loopback takes 65536 bytes. */
const LARGEST = 9216

/** Packets as large as A's interface takes are lost. Errors: those of looking at the host. */
export async function tooLarge(all: Case): Promise<Obstacle | undefined> {
  const { patient, a, pair, way, traffic } = all
  const bytes = a.attachments
    .map(({ interfaces }) => interfaces?.get(way?.dev ?? '')?.mtu)
    .find((one) => one !== undefined)
  if (way === undefined || bytes === undefined || bytes > LARGEST) return undefined
  const { address } = pair.destination
  if ((await largeArrives(patient.host, a.netns, a.name, address, bytes)) !== false) return undefined
  // Who answers no ping at all says nothing by that.
  const icmp = { kind: 'icmp' } as const
  if (traffic.kind !== 'icmp' && (await probe(patient.host, a.netns, a.name, address, icmp)) !== 'arrives')
    return undefined
  const found =
    judged(pair.source) ?? judged(pair.destination.port) ?? narrow(all, bytes) ?? (await narrowTunnel(all, bytes))
  // Routers of others, and who is behind them, may drop large pings for reasons of their own.
  if (found === undefined && all.b.kind === 'address' && way.via !== undefined) return undefined
  const { said, fix, check } = found ?? { said: 'something on the way takes less', fix: [lookAt(a.netns, way.dev)] }
  return {
    ...{ cause: 'mtu', fix, ...(check === undefined ? {} : { check }) },
    said: `small packets get there, those of ${String(bytes)} bytes do not: ${said}`,
  }
}

type Narrow = Pick<Obstacle, 'said' | 'check'> & { readonly fix: readonly string[] }

const lookAt = (netns: string, dev: string): string => `nsenter --net=${netns} ip link show dev ${quote(dev)}`

/** What doctor says of a port. */
function judged(port: AttachmentSeen | undefined): Narrow | undefined {
  if (port === undefined) return undefined
  for (const judge of [mtu, tunnelMtu]) {
    const found = judge.find(port)
    if (found === undefined) continue
    const said = found.said.replace(/^The/, 'the').replace(/\.$/, '')
    return { said: `${said} (${port.subject})`, check: judge.id, fix: found.fix.lines }
  }
  return undefined
}

/** An end of a pair of links that takes less. */
function narrow({ pair, b }: Case, bytes: number): Narrow | undefined {
  const { port } = pair.destination
  const inside = port === undefined ? undefined : insideOf(port)
  if (port === undefined || inside === undefined || b.kind !== 'container' || inside.mtu >= bytes) return undefined
  const set = `ip link set dev ${quote(inside.name)} mtu ${String(bytes)}`
  return {
    said: `${inside.name} of ${b.name} takes ${String(inside.mtu)} bytes at most`,
    fix: [`ip link set dev ${port.link?.name ?? ''} mtu ${String(bytes)}`, `nsenter --net=${b.netns} ${set}`],
  }
}

/** What Geneve of OVN takes more than VXLAN, in bytes: its options (ovn-architecture(7), "Tunnel Encapsulations"). */
const GENEVE_OPTIONS = 8

/** The tunnel to the host that B is on. */
async function narrowTunnel(all: Case, bytes: number): Promise<Narrow | undefined> {
  const { a, pair, way } = all
  if (pair.source === undefined) return undefined
  const room = isLogical(pair.source) ? await roomInGeneve(all) : await roomInVxlan(all, bytes)
  if (room === undefined || room.mtu >= bytes) return undefined
  const { link, marks } = pair.source
  const set = (dev: string): string => `ip link set dev ${quote(dev)} mtu ${String(room.mtu)}`
  return {
    said: room.said,
    fix: [`nsenter --net=${a.netns} ${set(way?.dev ?? marks.iface)}`, ...(link === undefined ? [] : [set(link.name)])],
  }
}

/** What fits into the tunnel of OVN to the host that has the port of B. */
async function roomInGeneve(all: Case): Promise<{ readonly mtu: number; readonly said: string } | undefined> {
  const { host } = all.patient
  const asked = await askThere(all)
  const outcome = asked?.trace.outcome
  if (asked === undefined || outcome?.kind !== 'delivered') return undefined
  const there = portCalled(asked.cloud, outcome.port)?.chassis?.name
  const tunnel = (await ovnTunnels(host)).find(({ chassis }) => chassis === there)
  const room = tunnel === undefined ? undefined : await roomTo(host, [parseIp(tunnel.remoteIp, 'remote_ip')])
  if (tunnel === undefined || room === undefined) return undefined
  const mtu = room.mtu - (tunnel.type === 'geneve' ? GENEVE_OPTIONS : 0)
  return { mtu, said: `the tunnel ${tunnel.port} to ${tunnel.remoteIp}, over ${room.dev}, has room for ${String(mtu)}` }
}
