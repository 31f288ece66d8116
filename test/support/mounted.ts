// Disks that are full or read-only.
import { strict as assert } from 'node:assert'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { tool } from './tool.ts'

/** A file system of its own below the folder of the store, gone at the end of a `using` block. */
export function mounted(folder: string, ...args: readonly string[]): Disposable {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  tool('mount', ...args, folder)
  return {
    [Symbol.dispose]() {
      tool('umount', folder)
    },
  }
}

export const tmpfs = (size: string) => ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'store'] as const

/** Fills what is left of a file system. */
export function fill(folder: string): void {
  assert.throws(() => {
    for (let i = 0; ; i++) writeFileSync(join(folder, `full${String(i)}`), 'x'.repeat(4096))
  }, /ENOSPC/)
}
