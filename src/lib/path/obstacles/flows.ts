// What the flows of a bridge drop.
import { insideOf, type AttachmentSeen } from '../../doctor/attachments-seen.ts'
import type { Patient } from '../../doctor/patient.ts'
import type { Case, Obstacle } from '../case.ts'
import type { ContainerEnd } from '../ends.ts'
import { traceFlow, type FlowTrace, type Frame } from '../flow-trace.ts'
import { neighbourOf, type Way } from '../way.ts'
import { natAt } from './nat-at.ts'
import { isLogical } from './segment.ts'

/** The packet on its way there. */
export async function dropped(all: Case): Promise<Obstacle | undefined> {
  const { source } = all.pair
  const frame = await frameThere(all)
  if (source === undefined || frame === undefined) return undefined
  return await dropOn(all.patient, source, frame, (bridge) => `the bridge ${bridge} drops it`)
}

/** What the bridge of A says of the packet, whatever becomes of it. Undefined when it cannot be asked. */
export async function flowTrace(all: Case): Promise<FlowTrace | undefined> {
  const { source } = all.pair
  const frame = await frameThere(all)
  return source === undefined || frame === undefined ? undefined : await traceOf(all.patient, source, frame)
}

async function frameThere({
  patient,
  a,
  pair: { source, destination },
  way,
  traffic,
}: Case): Promise<FrameOf | undefined> {
  if (source === undefined || way === undefined) return undefined
  const next = way.via === undefined ? destination.port : undefined
  const toMac = next !== undefined ? (insideOf(next)?.mac ?? '') : await macOf(patient, a, source, way)
  return { toMac, from: way.from, to: destination.address, traffic }
}

/** A frame, but for what the port says of it. */
type FrameOf = Omit<Frame, 'ofport' | 'mac'>

async function traceOf({ host }: Patient, port: AttachmentSeen, frame: FrameOf): Promise<FlowTrace | undefined> {
  const [{ ofport }, inside] = [port.where.interface, insideOf(port)]
  if (ofport === undefined || inside === undefined || frame.toMac === '') return undefined
  return await traceFlow(host, port.where.bridge.name, { ...frame, ofport, mac: inside.mac })
}

/** The answer on its way back, which may meet other flows. */
export async function answerDropped({ patient, a, b, pair, way, traffic }: Case): Promise<Obstacle | undefined> {
  const { source, destination } = pair
  if (source === undefined || destination.port === undefined || way?.via !== undefined || way === undefined)
    return undefined
  // ovn-trace is asked, which knows by whose will it is dropped.
  if (isLogical(destination.port)) return undefined
  const toMac = insideOf(source)?.mac ?? ''
  const frame = { toMac, from: destination.address, to: way.from, traffic, isAnswer: true }
  const found = await dropOn(
    patient,
    destination.port,
    frame,
    (bridge) => `it gets there, and the bridge ${bridge} drops the answer of ${b.name} to ${a.name}`,
  )
  return found === undefined ? undefined : { ...found, isOneWay: true }
}

/** Asks the bridge of a port about a frame that comes in by it; `say` begins the sentence. Nothing, when it cannot be asked. */
async function dropOn(
  patient: Patient,
  port: AttachmentSeen,
  frame: FrameOf,
  say: (bridge: string) => string,
): Promise<Obstacle | undefined> {
  const { name } = port.where.bridge
  const trace = await traceOf(patient, port, frame)
  if (trace?.actions !== 'drop') return undefined
  const { last, text } = trace
  const isUnknown = last === undefined || last.flow.startsWith('No match')
  const bridge = (await patient.switch()).bridges.find((one) => one.name === name)
  if (isUnknown && bridge?.failMode === 'secure' && !isLogical(port))
    return {
      ...{ cause: 'flow', check: 'bridge.fail-mode', traces: [text] },
      said: `${say(name)}: it has fail_mode secure, and no flow for that`,
      fix: [`ovs-ofctl dump-flows ${name}`, `ovs-vsctl set-fail-mode ${name} standalone`],
    }
  const where = last === undefined ? 'no flow of it matches' : `table ${String(last.table)}: ${last.flow.trim()}`
  return {
    ...{ cause: 'flow', said: `${say(name)} (${where})` },
    ...{ fix: [`ovs-ofctl dump-flows ${name}`], traces: [text] },
  }
}

/** The MAC of the router, as A knows it, or as ovsd has made it. */
async function macOf(patient: Patient, a: ContainerEnd, source: AttachmentSeen, way: Way): Promise<string> {
  if (way.via === undefined) return ''
  const found = await neighbourOf(patient.host, a.netns, a.name, way, way.via)
  return typeof found === 'object' ? found.mac : ((await natAt(patient, source, way.via))?.gateway.mac ?? '')
}
