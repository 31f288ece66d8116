import { closeSync, constants, openSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, Refused } from './lib/errors.ts'

/** Writes the report of --junit. Error: ReportUnwritten. */
export function writeReport(file: string, text: string): void {
  try {
    // O_NONBLOCK: a named pipe that nobody reads must not be waited for.
    const { O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY } = constants
    const opened = openSync(resolve(file), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0o666)
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
