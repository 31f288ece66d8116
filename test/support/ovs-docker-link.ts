import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PROGRAM } from './ovsd.ts'

/** Runs ovsd through a link that is called ovs-docker, as an administrator would install it. */
export function withLink(...args: string[]): { status: number; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-link-'))
  try {
    const link = join(folder, 'ovs-docker')
    const [file = '', script] = PROGRAM
    symlinkSync(script ?? file, link)
    const [command, ...before] = script === undefined ? [link] : [file, link]
    const { status, stdout, stderr } = spawnSync(command, [...before, ...args], {
      encoding: 'utf8',
      env: { ...process.env, CI: 'true' },
    })
    return { status: status ?? -1, stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
