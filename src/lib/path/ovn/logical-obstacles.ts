// What the logical network keeps, where a port is one of OVN's.
import type { AttachmentSeen } from '../../doctor/attachments-seen.ts'
import { bindingOf, isWorking, whyDown } from '../../ovn/nb/port-binding.ts'
import type { Case, Obstacle } from '../case.ts'
import { isLogical } from '../obstacles/segment.ts'
import { askBack, asObstacle, askThere, logicalNameOf, nextMac, portCalled, type Asked } from './asked.ts'
import { cloudOf, describePort, type Cloud } from './bindings.ts'
import type { Drop } from './drops.ts'
import { outsideSilent } from './outside.ts'
import { tunnelDown } from './tunnel.ts'

/** That OVN could not be asked, for the end of whatever else is said of a port of it; '' where it could, or need not. */
export async function centralAway(all: Case): Promise<string> {
  const { patient, pair } = all
  if (pair.source === undefined || !isLogical(pair.source)) return ''
  const cloud = await cloudOf(patient)
  const why =
    'why' in cloud
      ? cloud.why
      : (await nextMac(all, cloud)) !== undefined && (await askThere(all)) === undefined
        ? 'ovn-trace (Debian package ovn-common) is missing, or fails'
        : undefined
  return why === undefined ? '' : `; OVN could not be asked what it does with it: ${why}`
}

const isDropped = (asked: Asked | undefined): asked is Asked & { readonly drop: Drop } => asked?.drop !== undefined

/** An ACL that answers in the place of who is asked, and says that nobody listens. */
export async function refusedByAcl(all: Case): Promise<Obstacle | undefined> {
  if (all.probed !== 'refused') return undefined
  const asked = await askThere(all)
  return isDropped(asked) && asked.drop.cause === 'acl'
    ? { ...(await asObstacle(all, asked)), arrives: false }
    : undefined
}

/** The logical ports, the flows between them there and back, and the tunnel. */
export async function logicalObstacle(all: Case): Promise<Obstacle | undefined> {
  const { patient, pair, way } = all
  if (pair.source === undefined || !isLogical(pair.source) || way === undefined) return undefined
  const cloud = await cloudOf(patient)
  if ('why' in cloud) return undefined
  const { port } = pair.destination
  return (
    (await notWorking(cloud, pair.source)) ??
    (port === undefined || !isLogical(port) ? undefined : await notWorking(cloud, port)) ??
    (await thereAndBack(all, cloud))
  )
}

/** Whose port OVN would deliver the packet to, and on which host; undefined where it does not, or cannot be asked. */
export async function deliveredTo(all: Case): Promise<string | undefined> {
  const there = await askThere(all)
  if (there?.trace.outcome.kind !== 'delivered') return undefined
  const target = portCalled(there.cloud, there.trace.outcome.port)
  return target === undefined ? undefined : describePort(target, there.cloud.ovn.systemId)
}

/** The logical port of an attachment is not bound by this host. */
async function notWorking({ ovn }: Cloud, port: AttachmentSeen): Promise<Obstacle | undefined> {
  const name = logicalNameOf(port)
  const life = { chassis: ovn.systemId, generation: port.where.interface.externalIds['iface-id-ver'] ?? '' }
  const binding = await bindingOf(ovn.southbound, name, life)
  if (isWorking(binding, life)) return undefined
  return {
    ...{ cause: 'logical-port', check: 'ovn.ports' },
    said: `the logical port ${name} (${port.subject}) does not work: ${await whyDown(ovn.southbound, binding, life)}`,
    fix: ['ovsd ovn status', 'ovsd watch --once'],
  }
}

async function thereAndBack(all: Case, cloud: Cloud): Promise<Obstacle | undefined> {
  const there = await askThere(all)
  if (there === undefined) return (await nextMac(all, cloud)) === undefined ? nobodyHasIt(all, cloud) : undefined
  if (isDropped(there)) return await asObstacle(all, there)
  const { outcome } = there.trace
  const target = outcome.kind === 'delivered' ? portCalled(cloud, outcome.port) : undefined
  if (target?.type === 'localnet') return await outsideSilent(all, there, target)
  if (target?.type !== '') return undefined
  const tunnel = await tunnelDown(all, cloud, target)
  if (tunnel !== undefined) return tunnel
  const back = await askBack(all, there, target)
  if (!isDropped(back)) return undefined
  const found = await asObstacle(all, back)
  return { ...found, isOneWay: true, said: `it gets to ${describePort(target, cloud.ovn.systemId)}, and ${found.said}` }
}

/** No port of the switch has the address, and nothing physical is joined to it. */
function nobodyHasIt({ a, b, pair, way }: Case, cloud: Cloud): Obstacle | undefined {
  const own = portCalled(cloud, logicalNameOf(pair.source))
  const isLedOut = cloud.ports.some(({ type, datapath }) => type === 'localnet' && datapath === own?.datapath)
  if (own === undefined || way === undefined || isLedOut) return undefined
  const its = portCalled(cloud, logicalNameOf(pair.destination.port))
  if (its !== undefined && its.datapath !== own.datapath && way.via === undefined)
    return {
      ...{ cause: 'logical-switch', fix: ['ovsd net ls'] },
      said: `they are on different logical switches that have one subnet: ${a.name} on ${own.datapath}, ${b.name} on ${its.datapath}`,
    }
  return {
    ...{ cause: 'neighbour', fix: ['ovsd net ls', 'ovsd list'] },
    said: `no logical port on the switch ${own.datapath} of ${a.name} has the address ${way.via ?? pair.destination.address}`,
  }
}
