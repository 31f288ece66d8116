import { link, lstat, rename, unlink } from 'node:fs/promises'
import type { Place } from './replace.ts'

const MOST = 1000

/**
 * Gives a file the name NAME.backup, or NAME.backup.1 and so on: what was put aside earlier stays. Gives that name.
 * Errors: those of the system.
 */
export async function setAside(place: Place, name: string): Promise<string> {
  for (let n = 0; n < MOST; n++) {
    const backup = `${name}.backup${n === 0 ? '' : `.${String(n)}`}`
    if (await moved(place.at(name), place.at(backup))) {
      await place.sync()
      return backup
    }
  }
  throw new Error(`there are ${String(MOST)} backups of ${name} already`)
}

/** False when the new name is taken. */
async function moved(from: string, to: string): Promise<boolean> {
  try {
    // Unlike rename(2) it refuses a name that is taken, at the very moment it matters.
    await link(from, to)
    await unlink(from)
    return true
  } catch (cause) {
    const { code = '' } = cause as NodeJS.ErrnoException
    if (code === 'EEXIST') return false
    // A folder of that name, or a file system without hard links.
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EMLINK') throw cause
    if (await isThere(to)) return false
    await rename(from, to)
    return true
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path)
    return true
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw cause
  }
}
