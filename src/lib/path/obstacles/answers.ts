// What only the end that is asked, or nobody, can be blamed for.
import { insideOf } from '../../doctor/attachments-seen.ts'
import { offloadIsOn } from '../../doctor/ports/offload.ts'
import { quote } from '../../system/command.ts'
import type { Case, Obstacle } from '../case.ts'
import type { End } from '../ends.ts'
import { deliveredTo } from '../ovn/logical-obstacles.ts'
import { probe } from '../probe.ts'
import { describeTraffic } from '../question.ts'
import { neighbourOf } from '../way.ts'

/** Somebody says that nobody listens. */
export function refused({ b, probed, traffic }: Case): Obstacle | undefined {
  return probed === 'refused'
    ? {
        cause: 'refused',
        said: `${b.name} answers that nothing listens on ${describeTraffic(traffic)}`,
        fix: lookInside(b, 'ss -lntu'),
      }
    : undefined
}

/** A line that is typed on this host, or where that address is. */
const lookInside = (b: End, words: string): readonly string[] =>
  b.kind === 'container' ? [`nsenter --net=${b.netns} ${words}`] : [`${words}   # where ${b.name} is`]

/** ovs-vswitchd does not run. */
export async function switchStands({ patient }: Case): Promise<Obstacle | undefined> {
  return (await patient.daemonAnswers())
    ? undefined
    : {
        ...{
          cause: 'switch',
          check: 'ovs.vswitchd',
          said: 'ovs-vswitchd of this host does not run, or does not answer',
        },
        fix: ['systemctl restart openvswitch-switch'],
      }
}

/** Frames whose checksums nobody has computed are thrown away by who receives them; ICMP is computed always. */
export async function checksums({ patient, a, b, pair, traffic }: Case): Promise<Obstacle | undefined> {
  if (traffic.kind === 'icmp') return undefined
  for (const [port, end] of [
    [pair.source, a],
    [pair.destination.port, b],
  ] as const) {
    if (port?.where.bridge.datapathType !== 'netdev' || insideOf(port) === undefined) continue
    if (await offloadIsOn(patient.host, port))
      return {
        ...{ cause: 'checksum', check: 'port.offload' },
        said: `checksum offload is on in ${end.name}, and ${port.where.bridge.name} is a userspace bridge: ${traffic.kind.toUpperCase()} is dropped for wrong checksums, though ping works`,
        fix: [`nsenter --net=${port.life.path ?? ''} ethtool -K ${quote(port.marks.iface)} tx off`],
      }
  }
  return undefined
}

/** Nobody on the segment answers for the next address. */
export async function silentNeighbour({ patient, a, way, pair }: Case): Promise<Obstacle | undefined> {
  if (way === undefined) return undefined
  const next = way.via ?? pair.destination.address
  const found = await neighbourOf(patient.host, a.netns, a.name, way, next)
  if (found !== 'silent') return undefined
  const what = way.via === undefined ? next : `the router ${next}`
  const bridge = pair.source?.where.bridge.name
  return {
    // The kernel drops what waits for an answer together with the question that was asked last.
    ...{ cause: 'neighbour', isByElimination: true },
    said: `nobody on the segment of ${way.dev} answers for ${what}`,
    fix: ['ovsd list   # who has which address', ...(bridge === undefined ? [] : [`ovs-appctl fdb/show ${bridge}`])],
  }
}

/** It was sent, nothing that is known is wrong, and nothing came. */
export async function unanswered(all: Case): Promise<Obstacle | undefined> {
  const { patient, a, b, pair, traffic, probed, way } = all
  if (probed !== 'silent' || way === undefined) return undefined
  const { address } = pair.destination
  const pings =
    traffic.kind !== 'icmp' && (await probe(patient.host, a.netns, a.name, address, { kind: 'icmp' })) === 'arrives'
  const leaves = `the packet leaves ${a.name} by ${way.dev}${way.via === undefined ? '' : ` to ${way.via}`}`
  const arrival = pings ? undefined : await deliveredTo(all)
  return {
    ...{ cause: 'unanswered', isByElimination: true },
    said: pings
      ? `${b.name} answers pings, but not ${describeTraffic(traffic)}: something inside it, or before it, drops that`
      : `${arrival === undefined ? leaves : `OVN delivers it to ${arrival}`}, and no answer comes back`,
    fix: lookInside(b, 'nft list ruleset   # what a firewall in it drops'),
  }
}
