// Reads what lab/init.sh tells while a private host starts.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { ended } from './process.ts'

/** The process of lab/keeper.sh, with the pipes that startHost gave it. */
export interface Keeper extends ChildProcess {
  stdin: Writable
  stdio: [Writable, null, Readable, Readable, undefined]
  stderr: Readable
}

/** A started host: its first process, and what its scripts have written to stderr until now. */
export interface Boot {
  pid: number
  complaints(): string
}

/**
 * Follows the lines of a host's init until `ready`. Throws when the host ends before, or takes longer than `limit` ms;
 * the message names the step and holds what the scripts wrote to stderr.
 */
export async function bootReport(keeper: Keeper, limit: number): Promise<Boot> {
  let complaints = ''
  keeper.stderr.setEncoding('utf8').on('data', (part: string) => (complaints += part))
  let pid = 0
  let step = 'start'
  const deadline = AbortSignal.timeout(limit)
  const lines = createInterface({ input: keeper.stdio[3], signal: deadline })
  lines.on('line', (line) => {
    const [word, value = ''] = line.split(' ')
    if (word === 'pid') pid = Number(value)
    else step = value || line
    // The keeper holds the other end too, so `ready` is the end of the report and not the end of the stream.
    if (step === 'ready') lines.close()
  })
  await Promise.race([once(lines, 'close'), once(keeper, 'error').then(([error]) => Promise.reject(error as Error))])
  if (step === 'ready') return { pid, complaints: () => complaints.trim() }
  keeper.stdin.end()
  await ended(keeper)
  const what = deadline.aborted ? `was not ready after ${limit} ms` : 'did not start'
  throw new Error(`the private host ${what}, its last step was ${step}: ${complaints.trim()}`)
}
