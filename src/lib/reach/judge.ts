import type { Patient } from '../doctor/patient.ts'
import { messageOf, OvsdError } from '../errors.ts'
import { followPath } from '../path/follow.ts'
import { describeTraffic } from '../path/question.ts'
import type { Cause, Verdict } from '../path/verdict.ts'
import type { Expectation, Judged, Status } from './expectation.ts'
import { sameSegment } from './same-segment.ts'

/**
 * Causes with which packets get nowhere for as long as somebody mends it: that nothing got through says nothing about what will
 * then be.
 */
const BROKEN: readonly Cause[] = [
  ...(['port', 'switch', 'no-address', 'checksum', 'gateway'] as const),
  ...(['logical-port', 'logical-switch', 'tunnel'] as const),
]

/** Tries one expectation, with a packet of its own. */
export async function judge(patient: Patient, one: Expectation): Promise<Judged> {
  const from = performance.now()
  const what = {
    ...{ from: one.from.name, to: one.to.name, by: describeTraffic(one.traffic), why: one.why },
    ...{ expected: one.reach ? ('reach' as const) : ('deny' as const), row: one.row, column: one.column },
  }
  const found = await outcome(patient, one)
  return { ...what, ...found, ms: performance.now() - from }
}

type Outcome = Pick<Judged, 'address' | 'status' | 'said' | 'cause' | 'check' | 'fix'>

async function outcome(patient: Patient, one: Expectation): Promise<Outcome> {
  const joined = sameSegment(one)
  if (joined !== undefined) return { address: null, status: 'violated', ...joined }
  try {
    const verdict = await followPath(patient, one.from, one.to, one.traffic)
    const { said, cause, check, fix, to } = verdict
    const status = one.reach ? asReach(verdict) : asDeny(verdict)
    return { address: to?.address ?? null, status, said, cause, check, fix: status === 'holds' ? [] : fix }
  } catch (error) {
    // One that cannot be looked at must not cost the others.
    if (!(error instanceof OvsdError)) throw error
    return { address: null, status: 'unproven', said: messageOf(error), cause: null, check: null, fix: [] }
  }
}

function asReach({ arrives, cause }: Verdict): Status {
  if (arrives === null) return 'unproven'
  return arrives && cause === null ? 'holds' : 'violated'
}

/** What is refused has got there all the same. */
function asDeny({ arrives, cause }: Verdict): Status {
  if (arrives === true) return 'violated'
  return arrives === null || (cause !== null && BROKEN.includes(cause)) ? 'unproven' : 'holds'
}
