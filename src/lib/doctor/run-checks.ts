import { messageOf, OvsdError } from '../errors.ts'
import type { Check, Finding, Level } from './check.ts'
import { typed } from './fixes.ts'
import type { Patient } from './patient.ts'

/** What came of one check. */
export interface CheckReport {
  readonly check: Check
  /** That of its worst finding. */
  readonly status: Level
  readonly findings: readonly Finding[]
  /** How long it took, in milliseconds, what it needed and other checks wait for included. */
  readonly ms: number
}

const WORST: readonly Level[] = ['fail', 'warn', 'ok', 'skipped']

/** The status of a check with these findings. */
const statusOf = (findings: readonly Finding[]): Level =>
  WORST.find((level) => findings.some((one) => one.level === level)) ?? 'ok'

/**
 * Runs checks side by side, each when those that it needs have ended, and gives their reports in the order of the checks. What is
 * needed and not among them is not asked for. `ended` hears of each as soon as it is known.
 */
export async function runChecks(
  patient: Patient,
  checks: readonly Check[],
  ended: (report: CheckReport) => void = () => undefined,
): Promise<readonly CheckReport[]> {
  const reports = new Map<string, Promise<CheckReport>>()
  // Checks come after what they need: test/unit/doctor/checks.test.ts.
  for (const check of checks) {
    const needed = check.needs.flatMap((id) => reports.get(id) ?? [])
    const report = runCheck(patient, check, needed)
    reports.set(check.id, report)
    void report.then(ended)
  }
  return await Promise.all(reports.values())
}

async function runCheck(patient: Patient, check: Check, needed: readonly Promise<CheckReport>[]): Promise<CheckReport> {
  const missing = (await Promise.all(needed)).find((one) => isNoGround(one))
  const start = performance.now()
  const findings =
    missing === undefined ? await examined(patient, check) : [{ level: 'skipped' as const, said: because(missing) }]
  return { check, status: statusOf(findings), findings, ms: performance.now() - start }
}

/** Whether nothing can be said by those that need this one. What is not there at all is no ground either. */
const isNoGround = ({ status }: CheckReport): boolean => status === 'fail' || status === 'skipped'

const because = ({ check, status, findings }: CheckReport): string =>
  status === 'fail' ? `it needs ${check.id}, which failed` : (findings[0] as { readonly said: string }).said

async function examined(patient: Patient, check: Check): Promise<readonly Finding[]> {
  try {
    return await check.run(patient)
  } catch (error) {
    // One check that cannot cope with what it sees must not take the others along.
    if (!(error instanceof OvsdError))
      return [
        {
          ...{ level: 'fail', subject: 'ovsd', said: `The check itself failed: ${messageOf(error)}.` },
          evidence: [error instanceof Error ? error.name : typeof error],
          fix: typed(`# That is a defect of ovsd: please report it, with ovsd doctor --only=${check.id} --json`),
        },
      ]
    return [
      {
        ...{ level: 'fail', subject: '', said: messageOf(error), evidence: [`error ${error.code}`] },
        fix: typed(error.next === undefined ? `ovsd explain ${error.code}` : `# ${error.next}`),
      },
    ]
  }
}
