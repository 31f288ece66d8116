import { constants } from 'node:fs'
import { lstat, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { BE_ROOT, isForbidden, messageOf, OvsdError, Refused } from '../errors.ts'
import { unwritable } from './problems.ts'
import { replaceFile } from './replace.ts'

/** A hundred thousand attachments have less. */
const MOST_BYTES = 64 * 1024 * 1024

/** Writes an export into a file that only its owner can read, whole or not at all. Errors: StateUnwritable. */
export async function writeExport(path: string, text: string): Promise<void> {
  try {
    const there = await lstat(path).catch(() => undefined)
    if (there !== undefined && !there.isFile())
      throw new OvsdError('StateUnwritable', `${path} is not a regular file, and stays as it is.`, {
        next: 'Name another one; or leave it out: then the export goes to standard output.',
      })
    const folder = dirname(path)
    const sync = async (): Promise<void> => {
      await using held = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY)
      await held.sync()
    }
    await replaceFile({ at: (name) => join(folder, name), sync }, basename(path), text)
  } catch (cause) {
    throw unwritable(path, cause)
  }
}

/** Reads the file of an export; whose it is does not matter, because the user named it. Error: ExportUnreadable. */
export async function readExport(path: string): Promise<string> {
  const fail = (why: string, cause?: unknown): Refused =>
    new Refused('ExportUnreadable', `${path} cannot be read: ${why}.`, {
      cause,
      next: isForbidden(cause) ? BE_ROOT : 'Name a file that was made by: ovsd state export FILE',
    })
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = await file.stat()
    if (!stat.isFile()) throw fail('it is not a regular file')
    if (stat.size > MOST_BYTES) throw fail(`it has more than ${String(MOST_BYTES)} bytes`)
    return await file.readFile('utf8')
  } catch (cause) {
    throw cause instanceof Refused ? cause : fail(messageOf(cause), cause)
  }
}
