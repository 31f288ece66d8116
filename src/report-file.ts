import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf, Refused } from './lib/errors.ts'

/** Writes the report of --junit. Error: ReportUnwritten. */
export function writeReport(file: string, text: string): void {
  try {
    writeFileSync(resolve(file), text)
  } catch (error) {
    throw new Refused('ReportUnwritten', `The report cannot be written: ${messageOf(error)}.`, {
      cause: error,
      next: 'Name a file in a folder that is there: --junit FILE',
    })
  }
}
