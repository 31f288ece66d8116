// How far a command is that looks at many things side by side, in one line on a terminal: fifty of them would not fit on a screen.
import { painter } from './lib/ui/colour.ts'
import { plainLine } from './lib/ui/plain-text.ts'

export interface Progress extends Disposable {
  /** One has ended, and this is its name. */
  readonly ended: (name: string, failed: boolean) => void
}

/** Draws the number of `what` that have ended, of `total`; nothing, when nobody looks. Disposing of it wipes the line. */
export function progress(total: number, what: string, quiet: boolean): Progress {
  const isDrawn = process.stderr.isTTY && !quiet && process.env['TERM'] !== 'dumb'
  const paint = painter(process.stderr)
  const counts = { all: 0, fail: 0 }
  const draw = (text: string): void => {
    if (isDrawn) process.stderr.write(`\r\u001B[K${text}`)
  }
  return {
    ended(name, isFailed) {
      counts.all += 1
      if (isFailed) counts.fail += 1
      const failed = counts.fail === 0 ? '' : paint.red(`, ${String(counts.fail)} failed`)
      draw(`${String(counts.all)} of ${String(total)} ${what}${failed}  ${paint.dim(plainLine(name).slice(0, 40))}`)
    },
    [Symbol.dispose]() {
      draw('')
    },
  }
}
