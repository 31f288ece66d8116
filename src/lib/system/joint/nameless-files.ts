import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { descriptorPath } from './descriptor-path.ts'

/** Files that exist only as open descriptors, closed when it is disposed of. */
export interface NamelessFiles extends Disposable {
  /** Where other processes find each text; undefined where there was none. */
  readonly paths: readonly (string | undefined)[]
}

/** Writes each text into a file of its own, which nobody else may read. Their names are gone before anyone is told. */
export function namelessFiles(texts: readonly (string | undefined)[]): NamelessFiles {
  const fds: number[] = []
  const close = (): void => {
    for (const fd of fds.splice(0)) closeSync(fd)
  }
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-'))
  try {
    const paths = texts.map((text, i) => {
      if (text === undefined) return undefined
      const fd = openSync(join(folder, String(i)), 'wx+', 0o600)
      fds.push(fd)
      writeFileSync(fd, text)
      return descriptorPath(fd)
    })
    return { paths, [Symbol.dispose]: close }
  } catch (error) {
    close()
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}
