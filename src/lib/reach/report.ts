// What came of all expectations, for people, scripts and CI.
import { junit } from '../doctor/junit.ts'
import { count } from '../doctor/words.ts'
import type { Painter } from '../ui/colour.ts'
import { plainLine } from '../ui/plain-text.ts'
import { table } from '../ui/table.ts'
import type { Judged, Status } from './expectation.ts'

/** What check --json answers. */
export interface CheckResult {
  /** Whether all expectations hold. */
  readonly holds: boolean
  readonly held: number
  readonly violated: number
  readonly unproven: number
  readonly expectations: readonly Omit<Judged, 'row' | 'column'>[]
}

const having = (all: readonly Judged[], status: Status): readonly Judged[] => all.filter((one) => one.status === status)

/** The answer with stable keys. */
export function checkResult(all: readonly Judged[]): CheckResult {
  const [held, violated, unproven] = (['holds', 'violated', 'unproven'] as const).map(
    (status) => having(all, status).length,
  ) as [number, number, number]
  return {
    ...{ holds: held === all.length, held, violated, unproven },
    expectations: all.map(({ from, to, address, by, expected, why, status, said, cause, check, fix, ms }) => ({
      ...{ from, to, address, by, expected, why, status, said, cause, check, fix },
      ms: Math.round(ms * 10) / 10,
    })),
  }
}

/** So many lines of what is wrong are read by nobody. */
const SHOWN = 20

/** For a person: who reaches whom as a table, then what is not as it should be, then a sum. */
export function renderChecked(all: readonly Judged[], paint: Painter): string {
  if (all.length === 0)
    return 'Nothing to check: ovsd has attached no two containers here of which it would know what should be between them.'
  const wrong = [...byReason(having(all, 'violated')), ...byReason(having(all, 'unproven'))]
  return [
    renderMatrix(all, paint),
    '',
    ...wrong.slice(0, SHOWN).map((alike) => `${renderWrong(alike, paint)}\n`),
    ...(wrong.length > SHOWN ? [`… and ${String(wrong.length - SHOWN)} more reasons: --json has them all\n`] : []),
    summary(all, paint),
  ].join('\n')
}

/** A sign for what came of all expectations of one cell: the worst counts. */
function signOf(cell: readonly Judged[]): string {
  if (cell.length === 0) return ''
  if (having(cell, 'violated').length > 0) return '✗'
  if (having(cell, 'unproven').length > 0) return '?'
  return cell.some(({ expected }) => expected === 'reach') ? '✓' : '·'
}

const LEGEND = '✓ reaches it, as it should   · does not, as it should not   ✗ is not as it should be   ? nobody can say'

/** Rows send, columns receive; columns have numbers, for many names are longer than a screen is wide. */
function renderMatrix(checked: readonly Judged[], paint: Painter): string {
  const all = checked.filter(({ row }) => row !== '')
  if (all.length === 0) return ''
  const names = [...new Set(all.flatMap(({ row, column }) => [row, column]))]
  const columns = names.filter((name) => all.some(({ column }) => column === name))
  const number = new Map(columns.map((name, i) => [name, String(i + 1)]))
  const cells = Map.groupBy(all, ({ row, column }) => `${row}\n${column}`)
  const rows = names.map((row) => [
    ...[number.get(row) ?? '', row],
    ...columns.map((column) => signOf(cells.get(`${row}\n${column}`) ?? [])),
  ])
  const colours: Readonly<Record<string, (text: string) => string>> = {
    ...{ '✓': paint.green, '·': paint.dim, '✗': paint.red, '?': paint.yellow },
  }
  const head = ['', 'FROM \\ TO', ...columns.map((name) => number.get(name) ?? '')]
  return [
    table(
      head,
      rows,
      (text) => paint.bold(text),
      (text, column) => (column < 2 ? text : (colours[text] ?? paint.dim)(text)),
    ),
    '',
    paint.dim(LEGEND),
  ].join('\n')
}

/** Those that one line would mend belong together: they are told of once. */
const byReason = (wrong: readonly Judged[]): readonly (readonly Judged[])[] => [
  ...Map.groupBy(wrong, ({ said, cause, fix }) =>
    fix.length === 0 ? said : `${cause ?? ''} ${fix.join('\n')}`,
  ).values(),
]

function renderWrong(alike: readonly Judged[], paint: Painter): string {
  const [first, ...others] = alike
  if (first === undefined) return ''
  const { status, said, expected, from, to, by, why, check, fix } = first
  const sign = status === 'violated' ? paint.red('✗') : paint.yellow('?')
  const should = `${from} ${expected === 'reach' ? 'should reach' : 'must not reach'} ${to} by ${by}: ${why}`
  const way = (one: Judged): string =>
    `${one.from} to ${one.to} by ${one.by}${one.address === null ? '' : ` (${one.address})`}`
  const ways = [...new Set(others.map(way))].slice(0, SHOWN)
  return [
    `${sign} ${paint.bold(plainLine(said))}`,
    `    ${paint.dim(plainLine(should))}${check === null ? '' : paint.dim(`; ovsd doctor explain ${check}`)}`,
    ...(ways.length === 0 ? [] : [`    ${paint.dim(plainLine(`the same: ${ways.join(', ')}`))}`]),
    ...(fix.length === 0 ? [] : ['  To go on:', ...fix.map((line) => `    ${plainLine(line)}`)]),
  ].join('\n')
}

function summary(all: readonly Judged[], paint: Painter): string {
  const reach = all.filter(({ expected }) => expected === 'reach').length
  const sum = `${String(reach)} should be open, ${String(all.length - reach)} should not`
  const [violated, unproven] = [having(all, 'violated').length, having(all, 'unproven').length]
  if (violated + unproven === 0)
    return paint.green(`${count(all.length, 'way', 'ways')}, all as they should be: ${sum}.`)
  const wrong = [
    ...(violated === 0 ? [] : [`${String(violated)} not as they should be`]),
    ...(unproven === 0 ? [] : [`${String(unproven)} of which nobody can say it`]),
  ]
  return `${paint.red(wrong.join(', '))}, of ${count(all.length, 'way')}: ${sum}.`
}

/** The same as JUnit's XML: a case for each expectation. */
export const checkJunit = (all: readonly Judged[]): string =>
  junit(
    'ovsd check',
    all.map(({ expected, from, to, by, why, status, said, fix, ms }) => ({
      ...{
        className: `ovsd.check.${expected}`,
        name: `${from} ${expected === 'reach' ? 'reaches' : 'does not reach'} ${to} by ${by} (${why})`,
        ms,
      },
      ...(status === 'holds' ? { output: said } : { failure: { message: said, text: [said, ...fix].join('\n') } }),
    })),
  )
