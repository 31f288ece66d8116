// JUnit's XML, as CI systems read it: there is no standard, but what Jenkins' plugin and GitLab document agrees in this much.

/** One case: what was looked at, and what came of it. */
export interface JunitCase {
  readonly className: string
  readonly name: string
  /** In milliseconds. */
  readonly ms: number
  readonly failure?: { readonly message: string; readonly text: string }
  /** Why it was not looked at. */
  readonly skipped?: string
  /** What it said besides. */
  readonly output?: string
}

/** A report of one suite. */
export function junit(suite: string, cases: readonly JunitCase[]): string {
  const total = (has: (one: JunitCase) => boolean): string => String(cases.filter(has).length)
  const attributes = [
    `name="${escape(suite)}" tests="${String(cases.length)}" failures="${total((one) => one.failure !== undefined)}"`,
    `errors="0" skipped="${total((one) => one.skipped !== undefined)}" time="${seconds(cases.reduce((sum, { ms }) => sum + ms, 0))}"`,
  ].join(' ')
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite ${attributes}>`,
    ...cases.flatMap(caseLines),
    '</testsuite>',
    '',
  ].join('\n')
}

function caseLines({ className, name, ms, failure, skipped, output }: JunitCase): readonly string[] {
  const open = `  <testcase classname="${escape(className)}" name="${escape(name)}" time="${seconds(ms)}"`
  const inside = [
    ...(failure === undefined
      ? []
      : [`    <failure message="${escape(failure.message)}">${escape(failure.text)}</failure>`]),
    ...(skipped === undefined ? [] : [`    <skipped message="${escape(skipped)}"/>`]),
    ...(output === undefined ? [] : [`    <system-out>${escape(output)}</system-out>`]),
  ]
  return inside.length === 0 ? [`${open}/>`] : [`${open}>`, ...inside, '  </testcase>']
}

const seconds = (ms: number): string => (ms / 1000).toFixed(3)

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Characters that XML 1.0 (2.2) does not have at all are left out. */
const escape = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll(/[&<>"]/g, (one) => ENTITIES[one] ?? one)
