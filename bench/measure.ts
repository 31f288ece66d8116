import { spawnSync } from 'node:child_process'

/** One run of a command. */
export interface Run {
  /** Wall-clock time of the whole process, in milliseconds. */
  readonly ms: number
}

/** Runs a command to its end; throws when it fails: the time of a failure says nothing. */
export function measure(command: readonly string[]): Run {
  const [file = '', ...args] = command
  const start = process.hrtime.bigint()
  const { status, stderr, error } = spawnSync(file, args, { stdio: ['ignore', 'ignore', 'pipe'], encoding: 'utf8' })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${command.join(' ')}: status ${String(status)}: ${stderr}`)
  return { ms }
}

/** Peak resident memory of a command in MiB: the largest of its processes (GNU time, ru_maxrss in KiB). */
export function peakMemory(command: readonly string[]): number {
  const { status, stderr } = spawnSync('/usr/bin/time', ['--format=%M', ...command], {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}`)
  return Number(stderr.trim().split('\n').at(-1)) / 1024
}
