// The driver of Docker's networks as benches run it, and what it says of the calls that it answers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { median } from './statistics.ts'

const OVSD = fileURLToPath(new URL('../dist/ovsd', import.meta.url))

/** A line of its log. */
interface Told {
  readonly event: string
  readonly call?: string
  readonly ms?: number
}

/** A driver that serves. */
export interface RunningDriver {
  readonly lines: readonly Told[]
  /** Seconds of a processor that it has had until now: its own, and those of the tools that have ended (proc_pid_stat(5)). */
  cpu(): number
  end(): Promise<void>
}

/** Starts `ovsd daemon`; resolves when it serves. */
export async function driver(): Promise<RunningDriver> {
  const args = ['daemon', '--policy=none', '--log-format=json', '--log-level=debug']
  const child = spawn(OVSD, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const lines: Told[] = []
  const started = Promise.withResolvers<undefined>()
  createInterface({ input: child.stderr }).on('line', (text) => {
    const line = JSON.parse(text) as Told
    lines.push(line)
    if (line.event === 'daemon.started') started.resolve(undefined)
  })
  await started.promise
  return {
    lines,
    cpu: () =>
      readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ')
        .slice(11, 15)
        .reduce((sum, ticks) => sum + Number(ticks), 0) / 100,
    async end() {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    },
  }
}

/** How long each kind of call took, a line for each. Throws when one failed. */
export function callTimes(lines: readonly Told[]): readonly string[] {
  const failed = lines.filter(({ event }) => event === 'call.failed')
  if (failed.length > 0) throw new Error(JSON.stringify(failed.slice(0, 3)))
  const answered = lines.filter(({ event, call = '' }) => event === 'call.answered' && call.includes('Driver.'))
  return [...Map.groupBy(answered, ({ call = '' }) => call)].map(([call, all]) => {
    const times = all.map(({ ms = 0 }) => ms)
    return `${call}: ${String(times.length)} calls, median ${String(median(times))} ms, most ${String(Math.max(...times))} ms`
  })
}
