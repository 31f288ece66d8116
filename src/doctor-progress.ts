// How far doctor is, in one line on a terminal: fifty checks side by side would not fit on a screen.
import type { CheckReport } from './lib/doctor/run-checks.ts'
import { painter } from './lib/ui/colour.ts'

export interface Progress extends Disposable {
  readonly ended: (report: CheckReport) => void
}

/** Draws the number of checks that have ended, of `total`; nothing, when nobody looks. Disposing of it wipes the line. */
export function progress(total: number, quiet: boolean): Progress {
  const isDrawn = process.stderr.isTTY && !quiet && process.env['TERM'] !== 'dumb'
  const paint = painter(process.stderr)
  const counts = { all: 0, fail: 0 }
  const draw = (text: string): void => {
    if (isDrawn) process.stderr.write(`\r\u001B[K${text}`)
  }
  return {
    ended({ check, status }) {
      counts.all += 1
      if (status === 'fail') counts.fail += 1
      const failed = counts.fail === 0 ? '' : paint.red(`, ${String(counts.fail)} failed`)
      draw(`${String(counts.all)} of ${String(total)} checks${failed}  ${paint.dim(check.id)}`)
    },
    [Symbol.dispose]() {
      draw('')
    },
  }
}
