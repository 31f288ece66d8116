// Starting processes for the lab. On purpose not the runner of src/: what is tested must not also be what tests.
import { spawn, type ChildProcess, type SpawnOptionsWithoutStdio } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { text } from 'node:stream/consumers'

/** How a command ended. `status` is 128 + the signal's number for a command that a signal ended, as in a shell. */
export interface Result {
  status: number
  stdout: string
  stderr: string
}

/** Settings of one command: text for its stdin (empty otherwise), variables to add, its folder, its limit in ms. */
export interface RunOptions {
  input?: string
  env?: Record<string, string>
  cwd?: string
  timeout?: number
}

/** Exit status of a child that ended with `code` or by `signal`, in the manner of shells. */
export function exitStatus(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : constants.signals[signal])
}

/** Waits for the end of `child` and gives its exit status. Throws when it could not be started at all. */
export async function ended(child: ChildProcess): Promise<number> {
  if (child.exitCode !== null || child.signalCode !== null) return exitStatus(child.exitCode, child.signalCode)
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  return exitStatus(code, signal)
}

/**
 * Runs a command to its end, without a shell. A status other than 0 is a result, not an error. Throws when the command
 * can't be started or takes longer than `timeout` (60 s); then its whole process group is killed, because nsenter does
 * not pass signals on to the process that it started.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Result> {
  const [command = '', ...rest] = argv
  const settings: SpawnOptionsWithoutStdio = { detached: true, env: { ...process.env, ...options.env } }
  if (options.cwd !== undefined) settings.cwd = options.cwd
  const child = spawn(command, rest, settings)
  const { timeout = 60_000 } = options
  const limit = AbortSignal.timeout(timeout)
  const kill = () => {
    signalGroup(child, 'SIGKILL')
  }
  limit.addEventListener('abort', kill)
  // A command may end without reading all of its input: that is its right, not our failure.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  try {
    const outputs = Promise.all([text(child.stdout), text(child.stderr)])
    const [status, [stdout, stderr]] = await Promise.all([ended(child), outputs])
    if (limit.aborted) throw new Error(`no end after ${timeout} ms: ${argv.join(' ')}\n${stdout}${stderr}`)
    return { status, stdout, stderr }
  } finally {
    limit.removeEventListener('abort', kill)
  }
}

/** Sends a signal to a child started with `detached`, and to all that it started; nothing happens if it has ended. */
export function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
