// What can keep a packet, in the order of its way.
import { segment } from '../attach/taken.ts'
import type { AttachmentSeen } from '../doctor/attachments-seen.ts'
import { insideOf } from '../doctor/attachments-seen.ts'
import type { Trouble } from '../doctor/check.ts'
import type { Patient } from '../doctor/patient.ts'
import { JUDGES } from '../doctor/ports/judges.ts'
import { offloadIsOn } from '../doctor/ports/offload.ts'
import { describeVlan } from '../net/vlan.ts'
import type { Case, Obstacle } from './case.ts'
import type { ContainerEnd } from './ends.ts'
import { traceFlow, type Frame } from './flow-trace.ts'
import { probe } from './probe.ts'
import { describeTraffic } from './question.ts'
import { neighbourOf, wayTo, type Way } from './way.ts'

/** Along the way, from the one to the other; what is nearer is told first. */
const LOOKS: readonly ((all: Case) => Promise<Obstacle | undefined> | Obstacle | undefined)[] = [
  refused,
  switchStands,
  ({ pair, way }) => troubleOf(pair.source, way),
  noRoute,
  ({ pair }) => troubleOf(pair.destination.port, undefined),
  addressMissing,
  vlansDiffer,
  bridgesDiffer,
  dropped,
  noWayBack,
  answerDropped,
  checksums,
  silentNeighbour,
  unanswered,
]

/** What keeps the packet of a case, as near to where it was sent as can be. Errors: those of looking at the host. */
export async function firstObstacle(all: Case): Promise<Obstacle | undefined> {
  for (const look of LOOKS) {
    const found = await look(all)
    if (found !== undefined) return found
  }
  return undefined
}

/** What a judge of doctor finds that keeps small packets back; the routes of a port count only for what goes by them. */
function troubleOf(port: AttachmentSeen | undefined, way: Way | undefined): Obstacle | undefined {
  if (port === undefined) return undefined
  for (const judge of JUDGES) {
    if (HARMLESS.includes(judge.id) || (way?.via === undefined && judge.id.endsWith('route'))) continue
    const found = judge.find(port)
    if (found !== undefined) return asObstacle(judge.id, { ...found, subject: port.subject })
  }
  return undefined
}

/** Findings about ports with which small packets may pass all the same. */
const HARMLESS: readonly string[] = [
  ...['port.mtu', 'port.mtu-tunnel', 'port.mac-changed'],
  // Compared with the other end below, and looked at for the address that is meant.
  ...['port.vlan', 'port.untagged', 'port.address-gone', 'port.duplicate'],
]

const asObstacle = (check: string, { said, subject, fix }: Trouble): Obstacle => ({
  ...{ cause: 'port', check, fix: fix.lines },
  said: `${lowerFirst(said).replace(/\.$/, '')} (${subject})`,
})

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? `${text.charAt(0).toLowerCase()}${text.slice(1)}` : text

async function switchStands({ patient }: Case): Promise<Obstacle | undefined> {
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

function noRoute({ a, pair, way }: Case): Obstacle | undefined {
  if (way !== undefined) return undefined
  const { address } = pair.destination
  return {
    ...{ cause: 'no-route', said: `${a.name} has no route to ${address}` },
    fix: [`nsenter --net=${a.netns} ip route show`],
  }
}

/** The address that is sent to is not inside any more. */
function addressMissing({ b, pair: { destination } }: Case): Obstacle | undefined {
  const { port, address } = destination
  const inside = port === undefined ? undefined : insideOf(port)
  if (inside === undefined || port === undefined) return undefined
  const has = [...inside.addresses, ...inside.linkLocal].some((one) => one.replace(/\/.*/, '') === address)
  const full = (port.marks.spec?.addresses ?? []).find((one) => one.replace(/\/.*/, '') === address)
  return has || full === undefined
    ? undefined
    : {
        ...{ cause: 'port', check: 'port.address-gone' },
        said: `${full} is missing on ${inside.name} inside ${b.name}`,
        fix: [`nsenter --net=${port.life.path ?? ''} ip address add ${full} dev ${inside.name}`],
      }
}

function refused({ b, probed, traffic }: Case): Obstacle | undefined {
  return probed === 'refused'
    ? { cause: 'refused', said: `${b.name} answers that nothing listens on ${describeTraffic(traffic)}` }
    : undefined
}

function vlansDiffer({ a, b, pair: { source, destination }, way }: Case): Obstacle | undefined {
  const { port } = destination
  if (source === undefined || port === undefined || way?.via !== undefined) return undefined
  if (source.where.bridge.name !== port.where.bridge.name || isLogical(source)) return undefined
  const [from, to] = [source.where.port.vlan, port.where.port.vlan]
  if (segment(from) === segment(to)) return undefined
  const words = (vlan: typeof from): string => (segment(vlan) === 0 ? 'in no VLAN' : `in VLAN ${describeVlan(vlan)}`)
  return {
    cause: 'vlan',
    said: `the VLANs differ: on ${port.where.bridge.name} ${a.name} is ${words(from)}, and ${b.name} ${words(to)}`,
    fix: [
      `ovsd set-vlan ${port.where.bridge.name} ${port.marks.iface} ${b.name} ${segment(from) === 0 ? '--none' : String(segment(from))}`,
    ],
  }
}

async function bridgesDiffer({
  patient,
  a,
  b,
  pair: { source, destination },
  way,
}: Case): Promise<Obstacle | undefined> {
  const { port } = destination
  if (source === undefined || port === undefined || way?.via !== undefined) return undefined
  const [from, to] = [source.where.bridge.name, port.where.bridge.name]
  if (from === to) return undefined
  // Whatever else is on a bridge may lead to the other one: a patch port, a tunnel, a NIC, a pair of links.
  const ports = await patient.ports()
  const attached = new Set((await patient.attachments()).all.map(({ where }) => where.interface.name))
  const leads = ports.some(
    ({ bridge, interface: row }) => bridge.name === from && row.name !== from && !attached.has(row.name),
  )
  if (leads) return undefined
  return {
    cause: 'bridges',
    said: `they are on different bridges, which nothing joins: ${a.name} on ${from}, ${b.name} on ${to}`,
  }
}

const isLogical = ({ where }: AttachmentSeen): boolean => where.interface.externalIds['iface-id'] !== undefined

async function dropped({
  patient,
  a,
  pair: { source, destination },
  way,
  traffic,
}: Case): Promise<Obstacle | undefined> {
  if (source === undefined || way === undefined) return undefined
  const next = way.via === undefined ? destination.port : undefined
  const toMac = next !== undefined ? (insideOf(next)?.mac ?? '') : await macOf(patient, a, way)
  const frame = { toMac, from: way.from, to: destination.address, traffic }
  return await dropOn(patient, source, frame, (bridge) => `the bridge ${bridge} drops it`)
}

/** The answer on its way back, which may meet other flows. */
async function answerDropped({ patient, a, b, pair, way, traffic }: Case): Promise<Obstacle | undefined> {
  const { source, destination } = pair
  if (source === undefined || destination.port === undefined || way?.via !== undefined || way === undefined)
    return undefined
  const toMac = insideOf(source)?.mac ?? ''
  const frame = { toMac, from: destination.address, to: way.from, traffic, isAnswer: true }
  return await dropOn(
    patient,
    destination.port,
    frame,
    (bridge) => `it gets there, and the bridge ${bridge} drops the answer of ${b.name} to ${a.name}`,
  )
}

/** Asks the bridge of a port about a frame that comes in by it; `say` begins the sentence. Nothing, when it cannot be asked. */
async function dropOn(
  { host }: Patient,
  port: AttachmentSeen,
  frame: Omit<Frame, 'ofport' | 'mac'>,
  say: (bridge: string) => string,
): Promise<Obstacle | undefined> {
  const [{ ofport }, inside] = [port.where.interface, insideOf(port)]
  if (ofport === undefined || inside === undefined || frame.toMac === '') return undefined
  const { name } = port.where.bridge
  const trace = await traceFlow(host, name, { ...frame, ofport, mac: inside.mac })
  if (trace?.actions !== 'drop') return undefined
  const { last, text } = trace
  const where = last === undefined ? 'no flow of it matches' : `table ${String(last.table)}: ${last.flow.trim()}`
  return {
    ...{ cause: 'flow', said: `${say(name)} (${where})` },
    ...{ fix: [`ovs-ofctl dump-flows ${name}`], traces: [text] },
  }
}

async function macOf({ host }: Patient, a: ContainerEnd, way: Way): Promise<string> {
  const found = way.via === undefined ? undefined : await neighbourOf(host, a.netns, a.name, way, way.via)
  return typeof found === 'object' ? found.mac : ''
}

async function noWayBack({ patient, a, b, way }: Case): Promise<Obstacle | undefined> {
  if (b.kind !== 'container' || way === undefined) return undefined
  const back = await wayTo(patient.host, b.netns, b.name, way.from)
  return back === undefined
    ? {
        cause: 'no-way-back',
        said: `${b.name} has no route back to ${way.from} of ${a.name}`,
        fix: [`nsenter --net=${b.netns} ip route show`],
      }
    : undefined
}

/** Frames whose checksums nobody has computed are thrown away by who receives them; ICMP is computed always. */
async function checksums({ patient, a, b, pair, traffic }: Case): Promise<Obstacle | undefined> {
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
        fix: [`nsenter --net=${port.life.path ?? ''} ethtool -K ${port.marks.iface} tx off`],
      }
  }
  return undefined
}

async function silentNeighbour({ patient, a, way, pair }: Case): Promise<Obstacle | undefined> {
  if (way === undefined) return undefined
  const next = way.via ?? pair.destination.address
  const found = await neighbourOf(patient.host, a.netns, a.name, way, next)
  if (found !== 'silent') return undefined
  const what = way.via === undefined ? next : `the router ${next}`
  return { cause: 'neighbour', said: `nobody on the segment of ${way.dev} answers for ${what}` }
}

async function unanswered({ patient, a, b, pair, traffic, probed, way }: Case): Promise<Obstacle | undefined> {
  if (probed !== 'silent' || way === undefined) return undefined
  const { address } = pair.destination
  const pings =
    traffic.kind !== 'icmp' && (await probe(patient.host, a.netns, a.name, address, { kind: 'icmp' })) === 'arrives'
  return {
    cause: 'unanswered',
    said: pings
      ? `${b.name} answers pings, but not ${describeTraffic(traffic)}: something inside it, or before it, drops that`
      : `the packet leaves ${a.name} by ${way.dev}${way.via === undefined ? '' : ` to ${way.via}`}, and no answer comes back`,
  }
}
