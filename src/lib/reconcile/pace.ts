import type { Report } from './report.ts'

/** Changes of one container within a window that are not yet a fight. */
const MOST = 30
const WINDOW_MS = 60_000
/** How long what somebody changed stays as it is from then on. */
const PAUSE_MS = 5_000

interface Window {
  begun: number
  changes: number
}

/**
 * Keeps two who put back what the other one changes from doing so without end: after some changes within a minute, what
 * the database tells of the container is looked at later. What the engine tells is not held up: it is a new life.
 */
export class Pace {
  readonly #windows = new Map<string, Window>()
  readonly #now: () => number

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Something of this container was changed. */
  changed(id: string): void {
    const now = this.#now()
    for (const [key, { begun }] of this.#windows) if (now - begun >= WINDOW_MS) this.#windows.delete(key)
    const window = this.#windows.get(id) ?? { begun: now, changes: 0 }
    this.#windows.set(id, window)
    window.changes++
  }

  /** How long to wait before what somebody changed of this container is looked at, in milliseconds. */
  delayOf(id: string): number {
    const window = this.#windows.get(id)
    const isFight = window !== undefined && window.changes > MOST && this.#now() - window.begun < WINDOW_MS
    return isFight ? PAUSE_MS : 0
  }
}

/** A report that notes what is changed of whom. */
export function paced(report: Report, pace: Pace): Report {
  return {
    ...report,
    attached(who, result, ms) {
      pace.changed(who.id)
      report.attached(who, result, ms)
    },
    repaired(who, result, what) {
      pace.changed(who.id)
      report.repaired(who, result, what)
    },
  }
}
