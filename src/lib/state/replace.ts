import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'

/** What a file is written in: a folder of the store, or any other place. */
export interface Place {
  at(name: string): string
  sync(): Promise<void>
}

/**
 * Puts a text under a name, whole or not at all: it is written beside it, and takes its place when it is on the disk. So
 * whoever reads finds one of the two, also after a power failure, and two who write at once leave what one of them wrote.
 * What stood there is replaced, also a link, and never written through. Errors: those of the system.
 */
export async function replaceFile(place: Place, name: string, text: string): Promise<void> {
  const beside = place.at(`.${name}.${randomBytes(6).toString('hex')}.tmp`)
  try {
    const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
    await using file = await open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    await file.writeFile(text)
    await file.sync()
    await rename(beside, place.at(name))
  } catch (error) {
    await rm(beside, { force: true }).catch(() => undefined)
    throw error
  }
  await place.sync()
}
