import { closeSync, constants, openSync, statSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, Refused } from './lib/errors.ts'

/** Writes the report of --junit. Error: ReportUnwritten. */
export function writeReport(file: string, text: string): void {
  try {
    // O_NONBLOCK: a named pipe that nobody reads must not be waited for.
    const { O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants
    const opened = openSync(
      resolve(file),
      O_WRONLY | O_CREAT | O_TRUNC | (isPipe(resolve(file)) ? O_NONBLOCK : 0),
      0o666,
    )
    try {
      writeFileSync(opened, text)
    } finally {
      closeSync(opened)
    }
  } catch (error) {
    throw new Refused('ReportUnwritten', `The report cannot be written: ${messageOf(error)}.`, {
      cause: error,
      next: 'Name a file in a folder that is there: --junit FILE',
    })
  }
}

/** One with a name; who is at the other end of /dev/stdout reads, and may be slow. */
const isPipe = (file: string): boolean =>
  !file.startsWith('/dev/') &&
  !file.startsWith('/proc/') &&
  statSync(file, { throwIfNoEntry: false })?.isFIFO() === true
