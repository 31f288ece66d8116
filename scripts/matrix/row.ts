// The rows of the matrix that need a root of their own. The first row is the machine itself: npm test.

/** The parts whose versions are why there is a matrix. */
export type Part = 'Open vSwitch' | 'OVN' | 'Docker'

/** What really runs, by its parts. */
export type Versions = Readonly<Partial<Record<Part, string>>>

/** Another Debian that the tests run on. */
export interface Row {
  /** As debootstrap knows it, and the name of the row. */
  readonly suite: string
  /** What of it must really run, by the beginnings of the versions. */
  readonly versions: Readonly<Record<Part, string>>
  /** Debian changes the versions of this suite whenever it likes. */
  readonly moves?: true
}

/** Debian 13, and what comes after it. */
export const ROWS: readonly [Row, ...Row[]] = [
  { suite: 'trixie', versions: { 'Open vSwitch': '3.5.', OVN: '25.03.', Docker: '26.1.' } },
  // OVN has left testing (forky) for the time being, so it is unstable.
  { suite: 'sid', versions: { 'Open vSwitch': '4.0.', OVN: '26.03.', Docker: '28.5.' }, moves: true },
]

/** What runs that is not what the row is about, in words; '' for nothing. */
export function deviation({ suite, versions }: Row, found: Versions): string {
  const wrong = (Object.keys(versions) as Part[]).filter((part) => found[part]?.startsWith(versions[part]) !== true)
  if (wrong.length === 0) return ''
  const of = (say: (part: Part) => string): string => wrong.map((part) => `${part} ${say(part)}`).join(', ')
  return `${suite} has ${of((part) => found[part] ?? 'not at all')}; this row is about ${of((part) => `${versions[part]}x`)}`
}
