import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EVENT, EVENTS } from './event.ts'
import { SUPERVISOR } from './supervisor.ts'

/**
 * Where clients find their scripts, as files that a shell reads: on many hosts nothing on /run may be executed. The same
 * for all clients, and gone with the boot, as they are.
 */
const FOLDER = '/run/ovsd/dhcp'

/** By this word, and the name of the port behind it, a supervisor is known in the list of processes. */
export const SUPERVISOR_PATH = join(FOLDER, 'supervise')

/** Makes the folder, or brings it to this version; a script that is being read stays what it was. */
export function prepareScriptFolder(): void {
  mkdirSync(FOLDER, { recursive: true, mode: 0o755 })
  writeIfOther(SUPERVISOR_PATH, SUPERVISOR)
  for (const name of EVENTS) writeIfOther(join(FOLDER, name), EVENT)
}

function writeIfOther(path: string, text: string): void {
  if (textOf(path) === text) return
  const fresh = `${path}.${String(process.pid)}`
  writeFileSync(fresh, text, { mode: 0o644 })
  renameSync(fresh, path)
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
