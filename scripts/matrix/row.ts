// The second row of the matrix, which needs a root of its own. The first one is the machine itself: npm test.

/** The parts whose versions are why there is a matrix. */
export type Part = 'Open vSwitch' | 'OVN' | 'Docker'

/** Another Debian that the tests run on. */
export interface Row {
  /** As debootstrap knows it. */
  readonly suite: string
  /** What of it must really run, by the beginnings of the versions. */
  readonly versions: Readonly<Record<Part, string>>
}

/** Debian 13. */
export const ROW: Row = { suite: 'trixie', versions: { 'Open vSwitch': '3.5.', OVN: '25.03.', Docker: '26.1.' } }
