// What doctor says of a host, for people, scripts and CI.
import { plainLine } from '../ui/plain-text.ts'
import type { Painter } from '../ui/colour.ts'
import { table } from '../ui/table.ts'
import type { Level, Trouble } from './check.ts'
import { junit } from './junit.ts'
import type { CheckReport } from './run-checks.ts'
import { count } from './words.ts'

/** What doctor --json answers. */
export interface DoctorResult {
  /** Whether no check failed. */
  readonly healthy: boolean
  readonly failures: number
  readonly warnings: number
  /** Lines that --fix has run. */
  readonly fixed: readonly string[]
  readonly checks: readonly CheckResult[]
}

export interface CheckResult {
  readonly id: string
  readonly title: string
  readonly status: Level
  readonly ms: number
  readonly findings: readonly {
    readonly level: Level
    readonly subject: string
    readonly message: string
    readonly evidence: readonly string[]
    /** Null where nothing is wrong. `safe` ones are those that --fix runs. */
    readonly fix: { readonly commands: readonly string[]; readonly safe: boolean } | null
  }[]
}

const isTrouble = (finding: CheckReport['findings'][number]): finding is Trouble => 'fix' in finding

/** All that was found wrong, with the check that found it. */
export const troublesOf = (
  reports: readonly CheckReport[],
): readonly { readonly id: string; readonly trouble: Trouble }[] =>
  reports.flatMap(({ check, findings }) => findings.filter(isTrouble).map((trouble) => ({ id: check.id, trouble })))

/** The reports with stable keys. */
export function doctorResult(reports: readonly CheckReport[], fixed: readonly string[]): DoctorResult {
  const troubles = troublesOf(reports)
  const failures = troubles.filter(({ trouble }) => trouble.level === 'fail').length
  return {
    ...{ healthy: failures === 0, failures, warnings: troubles.length - failures, fixed },
    checks: reports.map(({ check: { id, title }, status, ms, findings }) => ({
      ...{ id, title, status, ms: Math.round(ms * 10) / 10 },
      findings: findings.map((one) => ({
        level: one.level,
        subject: isTrouble(one) ? one.subject : '',
        message: one.said,
        evidence: isTrouble(one) ? one.evidence : [],
        fix: isTrouble(one) ? { commands: one.fix.lines, safe: one.fix.safe !== undefined } : null,
      })),
    })),
  }
}

const SIGNS: Readonly<Record<Level, string>> = { ok: 'ok', warn: 'warn', fail: 'FAIL', skipped: '-' }

const colour = (paint: Painter, level: Level): ((text: string) => string) =>
  ({ ok: paint.green, warn: paint.yellow, fail: paint.red, skipped: paint.dim })[level]

/** For a person: what is wrong, with `all` every check first, and a sum. */
export function renderReports(reports: readonly CheckReport[], paint: Painter, all: boolean): string {
  const rows = reports.map(({ check, status, findings }) => [
    ...[SIGNS[status], check.id, findings.map(({ said }) => said).join(' ')],
  ])
  const levels = reports.map(({ status }) => status)
  const painted = (text: string, column: number, row: number): string =>
    column === 0 ? colour(paint, levels[row] ?? 'ok')(text) : text
  return [
    ...(all ? [table(['STATUS', 'CHECK', 'WHAT WAS SEEN'], rows, (text) => paint.bold(text), painted), ''] : []),
    // What does not work comes before what may not for long.
    ...troublesOf(reports)
      .toSorted((a, b) => a.trouble.level.localeCompare(b.trouble.level))
      .map(({ id, trouble }) => `${renderTrouble(id, trouble, paint)}\n`),
    summary(reports, paint),
  ].join('\n')
}

function renderTrouble(id: string, { level, subject, said, evidence, fix }: Trouble, paint: Painter): string {
  const sign = colour(paint, level)(level === 'fail' ? '✗' : '!')
  return [
    `${sign} ${paint.bold(plainLine(said))}`,
    `    ${paint.dim(`${id}${subject === '' ? '' : `, ${plainLine(subject)}`}`)}`,
    ...evidence.map((line) => `    ${plainLine(line)}`),
    `  To mend it${fix.safe === undefined ? '' : ' (ovsd doctor --fix does)'}:`,
    ...fix.lines.map((line) => `    ${plainLine(line)}`),
  ].join('\n')
}

function summary(reports: readonly CheckReport[], paint: Painter): string {
  const sum = (level: Level): number => reports.filter(({ status }) => status === level).length
  const { failures, warnings } = doctorResult(reports, [])
  const words = [
    ...(failures === 0 ? [] : [paint.red(count(failures, 'failure'))]),
    ...(warnings === 0 ? [] : [paint.yellow(count(warnings, 'warning'))]),
    `${count(sum('ok'), 'check')} fine`,
    ...(sum('skipped') === 0 ? [] : [`${String(sum('skipped'))} with nothing to look at`]),
  ].join(', ')
  return failures + warnings === 0 ? `${paint.green('Nothing is wrong')}: ${words}.` : `${words}.`
}

/** For CI: a case for each check. What is only a warning does not fail it. */
export const doctorJunit = (reports: readonly CheckReport[]): string =>
  junit(
    'ovsd doctor',
    reports.map(({ check: { id }, status, findings, ms }) => {
      const said = findings.map((one) => one.said).join('\n')
      return {
        ...{ className: `doctor.${id.replace(/\..*$/, '')}`, name: id, ms },
        ...(status === 'fail'
          ? { failure: { message: findings.find(({ level }) => level === 'fail')?.said ?? '', text: said } }
          : {}),
        ...(status === 'skipped' ? { skipped: said } : {}),
        ...(status === 'warn' ? { output: said } : {}),
      }
    }),
  )
