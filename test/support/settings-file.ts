import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from './socket-server.ts'

/** A policy or settings file, gone at the end of the `using` block. */
export interface SettingsFile extends Disposable {
  readonly path: string
  write(text: string): void
}

/** Writes a file as an administrator would: nobody else can write it, unless `mode` says so. */
export function settingsFile(text: string, { name = 'policy.yaml', mode = 0o644 } = {}): SettingsFile {
  const folder = temporaryFolder()
  const path = join(folder.path, name)
  const write = (content: string): void => {
    writeFileSync(path, content, { mode })
  }
  write(text)
  return { path, write, [Symbol.dispose]: () => folder[Symbol.dispose]() }
}
