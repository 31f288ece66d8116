import type { AttachResult } from '../plan/attach-result.ts'
import type { Report } from '../reconcile/report.ts'
import type { UpkeepReport } from '../reconcile/upkeep.ts'
import { plainLine } from '../ui/plain-text.ts'

/** What a single look at everything did, or would do: the keys of `watch --once --json`. */
export interface Tally {
  readonly attached: AttachResult[]
  readonly repaired: AttachResult[]
  readonly detached: { container: string; interface: string; bridge: string; port: string }[]
  readonly refused: { container: string; interface: string; code: string; message: string }[]
  readonly failed: { container: string; interface: string; code: string; message: string }[]
  /** Networks and mirrors that were put right, with what was wrong; and those that could not be. */
  readonly mended: { about: string; what: readonly string[] }[]
  readonly unmended: { about: string; code: string; message: string }[]
  /** The commands of --dry-run, those of each container or network after a comment that names it. */
  readonly commands: string[]
}

export const emptyTally = (): Tally => ({
  attached: [],
  repaired: [],
  detached: [],
  refused: [],
  failed: [],
  mended: [],
  unmended: [],
  commands: [],
})

/** A report that passes everything on, and keeps count of it. */
export function tallied(report: Report, tally: Tally): Report {
  return {
    ...report,
    attached(who, result, ms) {
      tally.attached.push(result)
      report.attached(who, result, ms)
    },
    repaired(who, result, what) {
      tally.repaired.push(result)
      report.repaired(who, result, what)
    },
    detached(who, removed) {
      for (const { iface, bridge, port } of removed)
        tally.detached.push({ container: who.name, interface: iface, bridge, port })
      report.detached(who, removed)
    },
    refused(who, iface, refusal) {
      const { code, message } = refusal
      tally.refused.push({ container: who.name, interface: iface, code, message })
      report.refused(who, iface, refusal)
    },
    failed(who, iface, error) {
      const { code, message } = error
      tally.failed.push({ container: who.name, interface: iface, code, message })
      report.failed(who, iface, error)
    },
    wouldRun({ id, name }, title, commands) {
      // Names come from elsewhere, and the end of a line would end the comment.
      tally.commands.push(plainLine(`# ${name} (${id.slice(0, 12)}): ${title}`), ...commands)
    },
  }
}

/** The same of a report of upkeep. */
export const talliedUpkeep = (report: UpkeepReport, tally: Tally): UpkeepReport => ({
  mended(due) {
    tally.mended.push({ about: due.about, what: due.why })
    report.mended(due)
  },
  failed(about, error) {
    tally.unmended.push({ about, code: error.code, message: error.message })
    report.failed(about, error)
  },
  wouldRun({ about }, title, commands) {
    tally.commands.push(plainLine(`# ${about}: ${title}`), ...commands)
  },
})
