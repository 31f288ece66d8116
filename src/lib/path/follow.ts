import type { AttachmentSeen } from '../doctor/attachments-seen.ts'
import type { Patient } from '../doctor/patient.ts'
import { describeVlan } from '../net/vlan.ts'
import type { Case, Obstacle } from './case.ts'
import type { ContainerEnd, End } from './ends.ts'
import { firstObstacle } from './obstacles.ts'
import { flowTrace } from './obstacles/flows.ts'
import { tooLarge } from './obstacles/mtu.ts'
import { paused } from './obstacles/paused.ts'
import { askThere } from './ovn/asked.ts'
import { refusedByAcl } from './ovn/logical-obstacles.ts'
import { asRouted, pairOf } from './pair.ts'
import { probe, type Probed } from './probe.ts'
import { describeTraffic, type Traffic } from './question.ts'
import { someoneElse } from './someone-else.ts'
import type { Place, Verdict } from './verdict.ts'
import { wayTo } from './way.ts'

/**
 * Says whether packets get from one container to another, or to an address: sends one, and when no answer comes goes along the way
 * until it finds what keeps it. When one does, it sends one as large as the interface takes. Errors: those of looking at the host.
 */
export async function followPath(patient: Patient, a: ContainerEnd, b: End, traffic: Traffic): Promise<Verdict> {
  const asked = await caseOf(patient, a, b, traffic)
  if (asked === undefined)
    return verdict({ a, b, traffic }, null, 'unknown', {
      ...{
        cause: 'no-address',
        said: `${b.name} has no interface that ovsd has attached, and so no address to send to`,
        fix: ['ovsd list   # what is attached', `ovsd path ${a.name} ADDRESS   # of B`],
      },
    })
  const { way, pair } = asked
  const { address } = pair.destination
  const probed = way === undefined ? 'silent' : await probe(patient.host, a.netns, a.name, address, traffic)
  const all: Case = { ...asked, probed }
  if (probed === 'arrives') return await arrived(all)
  const other = probed === 'refused' ? ((await refusedByAcl(all)) ?? (await someoneElse(all))) : undefined
  if (other !== undefined) return verdict(all, false, probed, other)
  const obstacle = await firstObstacle(all)
  if (obstacle?.isByElimination === true) {
    const again = await probe(patient.host, a.netns, a.name, address, traffic)
    if (again === 'arrives') return await arrived({ ...all, probed: again })
  }
  if (obstacle === undefined && (probed === 'unsure' || probed === 'unknown')) return verdict(all, null, probed)
  return verdict(all, obstacle?.arrives ?? probed === 'refused', probed, obstacle)
}

/**
 * What the bridge of A, and OVN, say of such a packet: the texts of ofproto/trace and ovn-trace, whatever becomes of it. Errors: those of
 * looking at the host.
 */
export async function tracesOf(
  patient: Patient,
  a: ContainerEnd,
  b: End,
  traffic: Traffic,
): Promise<readonly string[]> {
  const asked = await caseOf(patient, a, b, traffic)
  if (asked === undefined) return []
  const all: Case = { ...asked, probed: 'unknown' }
  const [logical, flows] = await Promise.all([askThere(all), flowTrace(all)])
  return [...(logical === undefined ? [] : [logical.trace.text]), ...(flows === undefined ? [] : [flows.text])]
}

/** Which interface and which address it is about; undefined when B has none. */
async function caseOf(
  patient: Patient,
  a: ContainerEnd,
  b: End,
  traffic: Traffic,
): Promise<Omit<Case, 'probed'> | undefined> {
  const found = pairOf(a, b)
  if (found === undefined) return undefined
  const way = await wayTo(patient.host, a.netns, a.name, found.destination.address)
  return { patient, a, b, traffic, way, pair: asRouted(a, found, way) }
}

/** An answer came: of B, or of somebody else; and there may be what keeps larger packets, or programs, from it. */
async function arrived(all: Case): Promise<Verdict> {
  const other = await someoneElse(all)
  if (other !== undefined) return verdict(all, false, all.probed, other)
  return verdict(all, true, all.probed, (await paused(all)) ?? (await tooLarge(all)))
}

type Asked = Pick<Case, 'a' | 'b' | 'traffic'> & Partial<Case>

function verdict(
  { a, b, traffic, pair, way }: Asked,
  arrives: boolean | null,
  probed: Probed,
  found?: Obstacle,
): Verdict {
  const from = way === undefined ? null : placeOf(a.name, way.from, pair?.source, way.dev)
  const to = pair === undefined ? null : placeOf(b.name, pair.destination.address, pair.destination.port, null)
  const what = describeTraffic(traffic)
  const said =
    arrives === true && found === undefined
      ? `${a.name} reaches ${b.name}: ${what} from ${way?.from ?? ''} (${way?.dev ?? ''}) to ${to?.address ?? ''}${way?.via === undefined ? '' : ` by ${way.via}`} is answered.`
      : found === undefined
        ? `Nobody can say whether ${what} from ${a.name} reaches ${b.name}: ${probed === 'unsure' ? 'no answer came, and UDP needs none' : 'this host has no tool to send it with'}; nothing on the way is wrong.`
        : arrives === null
          ? `Nobody can say whether ${what} from ${a.name} reaches ${b.name}: ${found.said}.`
          : `${a.name} ${arrives ? 'reaches' : 'does not reach'} ${b.name} by ${what}: ${found.said}.`
  return {
    ...{ arrives, said, from, to, probe: probed, isOneWay: found?.isOneWay ?? false },
    ...{ cause: found?.cause ?? null, check: found?.check ?? null, traces: found?.traces ?? [] },
    fix: found?.fix ?? (arrives === null ? toKnowMore(a, b, probed) : []),
  }
}

/** What makes it known, where nothing is wrong and nobody can say. */
const toKnowMore = (a: ContainerEnd, b: End, probed: Probed): readonly string[] =>
  probed === 'unknown' ? ['apt-get install iputils-ping bash'] : [`ovsd path ${a.name} ${b.name} icmp`]

const placeOf = (name: string, address: string, port: AttachmentSeen | undefined, dev: string | null): Place => ({
  ...{ name, address, interface: port?.marks.iface ?? dev },
  ...{ bridge: port?.where.bridge.name ?? null, vlan: port === undefined ? null : describeVlan(port.where.port.vlan) },
})
