import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execaSync } from 'execa'
import { PROGRAM } from './ovsd.ts'

/** Runs ovsd through a link that is called ovs-docker, as an administrator would install it. */
export function withLink(...args: string[]): { status: number; stdout: string; stderr: string } {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-link-'))
  try {
    const link = join(folder, 'ovs-docker')
    const [file = '', script] = PROGRAM
    symlinkSync(script ?? file, link)
    const [command, ...before] = script === undefined ? [link] : [file, link]
    const { exitCode, stdout, stderr } = execaSync(command, [...before, ...args], {
      reject: false,
      stripFinalNewline: false,
      env: { CI: 'true' },
    })
    return { status: exitCode ?? -1, stdout, stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}
