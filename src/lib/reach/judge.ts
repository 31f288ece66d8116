import { tagOf } from '../doctor/ports/vlan.ts'
import type { Patient } from '../doctor/patient.ts'
import { messageOf, OvsdError } from '../errors.ts'
import type { ContainerEnd } from '../path/ends.ts'
import { followPath } from '../path/follow.ts'
import { describeTraffic } from '../path/question.ts'
import { hasStrayed, retag } from '../path/retag.ts'
import type { Cause, Verdict } from '../path/verdict.ts'
import type { Expectation, Judged, Status } from './expectation.ts'
import { cameSince, countAt, isHeard, type Arrived } from './arrivals.ts'
import { sameSegment } from './same-segment.ts'

/** Causes that are there to keep packets from where they must not get. */
const WALLS: readonly Cause[] = [
  ...(['vlan', 'bridges', 'no-route', 'flow', 'firewall', 'isolated', 'no-host-route', 'someone-else'] as const),
  ...(['acl', 'port-security', 'router-no-route', 'router-policy', 'logical-flow', 'ttl'] as const),
]

/**
 * Causes with which packets get nowhere for as long as somebody mends it: that nothing got through says nothing about what will
 * then be.
 */
const BROKEN: readonly Cause[] = [
  ...(['port', 'switch', 'no-address', 'checksum', 'gateway'] as const),
  ...(['logical-port', 'logical-switch', 'tunnel'] as const),
]

/** What came of one expectation; `settle` finds out what could not be told beside others that send to the same receiver. */
export interface Tried {
  readonly judged: Judged
  readonly settle?: () => Promise<Judged>
}

/** Tries one expectation, with a packet of its own. */
export async function judge(patient: Patient, one: Expectation): Promise<Tried> {
  const from = performance.now()
  const what = {
    ...{ from: one.from.name, to: one.to.name, by: describeTraffic(one.traffic), why: one.why },
    ...{ expected: one.reach ? ('reach' as const) : ('deny' as const), row: one.row, column: one.column },
  }
  const { settle, ...found } = await safely(() => outcome(patient, one))
  const judged = { ...what, ...found, ms: performance.now() - from }
  return settle === undefined
    ? { judged }
    : {
        judged,
        settle: async () => {
          const { address, status, said, cause, check, fix } = await safely(settle)
          return { ...judged, address, status, said, cause, check, fix, ms: performance.now() - from }
        },
      }
}

type Outcome = Pick<Judged, 'address' | 'status' | 'said' | 'cause' | 'check' | 'fix'>
type Open = Outcome & { readonly settle?: () => Promise<Outcome> }

/** One that cannot be looked at must not cost the others. */
async function safely(work: () => Promise<Open>): Promise<Open> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof OvsdError)) throw error
    return unproven(messageOf(error))
  }
}

async function outcome(patient: Patient, one: Expectation): Promise<Open> {
  const joined = sameSegment(one)
  if (joined !== undefined) return { address: null, status: 'violated', ...joined }
  return one.reach ? await asReach(patient, one) : await asDeny(patient, one)
}

const unproven = (said: string): Outcome => ({
  ...{ address: null, status: 'unproven', said, cause: null, check: null, fix: [] },
})

const told = ({ said, cause, check, fix, to }: Verdict, status: Status): Outcome => ({
  ...{ address: to?.address ?? null, status, said, cause, check, fix: status === 'holds' ? [] : fix },
})

async function asReach(patient: Patient, one: Expectation): Promise<Outcome> {
  const verdict = await followPath(patient, one.from, one.to, one.traffic)
  const other = otherWay(one, verdict)
  if (other !== undefined) return { ...told(verdict, 'violated'), said: other, cause: 'other-interface' }
  const { arrives, cause } = verdict
  return told(verdict, arrives === null ? 'unproven' : arrives && cause === null ? 'holds' : 'violated')
}

/** What is refused has got there all the same. */
async function asDeny(patient: Patient, one: Expectation): Promise<Open> {
  if (one.to.kind === 'container' && one.apart !== undefined && one.to.family === undefined)
    return {
      ...unproven(`${one.to.name} has no address to try, and no VLAN in common with ${one.from.name}`),
      status: 'holds',
    }
  const before = await countAt(patient.host, one)
  const verdict = await followPath(patient, one.from, one.to, one.traffic)
  const other = otherWay(one, verdict)
  if (other !== undefined) return { ...told(verdict, 'holds'), said: other }
  if (verdict.arrives === true) return told({ ...verdict, fix: [...verdict.fix, pathLine(one)] }, 'violated')
  const strayed = one.apart === undefined ? undefined : strayedOf(one)
  if (strayed !== undefined) return { ...told(verdict, 'unproven'), ...strayed }
  const arrived: Arrived = verdict.cause === 'someone-else' ? 'no' : await cameSince(patient.host, one, before)
  const silent = asSilence(verdict, arrived)
  if (arrived === 'no' || verdict.to === null) return silent
  const { address } = verdict.to
  return {
    ...silent,
    settle: async () => {
      const heard = await isHeard(patient.host, one, address)
      const isHeardThere = heard === 'yes' || (heard === 'maybe' && verdict.isOneWay)
      return isHeardThere ? oneWay(verdict, one) : asSilence(verdict, heard)
    },
  }
}

/** A wall holds; a breakdown proves nothing; whatever else it is, it holds when the receiver has got nothing. */
function asSilence(verdict: Verdict, arrived: Arrived): Outcome {
  const { cause, isOneWay } = verdict
  if (cause !== null && BROKEN.includes(cause)) return told(verdict, 'unproven')
  const isWall = cause !== null && WALLS.includes(cause) && !isOneWay
  return told(verdict, arrived === 'no' || isWall ? 'holds' : 'unproven')
}

const oneWay = (verdict: Verdict, one: Expectation): Outcome => ({
  ...told(verdict, 'violated'),
  said: `What ${one.from.name} sends to ${one.to.name} by ${describeTraffic(one.traffic)} gets there, and only no answer comes back.`,
  fix: [pathLine(one)],
})

const pathLine = ({ from, to, traffic }: Expectation): string =>
  `ovsd path ${from.name} ${to.name} ${describeTraffic(traffic)} --verbose`

/** What was meant is the way by certain interfaces, and the kernel of the sender goes by another one. */
function otherWay({ from, isBound }: Expectation, verdict: Verdict): string | undefined {
  const dev = verdict.from?.interface ?? undefined
  if (isBound !== true || dev === undefined || from.attachments.some(({ marks }) => marks.iface === dev))
    return undefined
  const meant = from.attachments.map(({ marks }) => marks.iface).join(' or ')
  return `${from.name} sends that by ${dev}, and not by ${meant}, which is meant.`
}

/** One that was moved out of the VLAN of its network is kept apart from everybody: that says nothing about the network. */
function strayedOf({ from, to }: Expectation): Pick<Judged, 'said' | 'check' | 'fix'> | undefined {
  const ends: readonly ContainerEnd[] = to.kind === 'container' ? [from, to] : [from]
  for (const { name, attachments } of ends)
    for (const port of attachments.filter(hasStrayed))
      return {
        said: `${name} is not in the VLAN of its network, so that no answer says nothing about where it should be.`,
        ...{ check: 'port.vlan', fix: [retag(port, name, tagOf(port) ?? 'TAG')] },
      }
  return undefined
}
