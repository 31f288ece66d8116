// The only file that starts processes (a lint rule says so).
import { accessSync, constants } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import type { Readable } from 'node:stream'
import { CommandFailed, OvsdError, ToolMissing } from '../errors.ts'
import { shellLine, TOOLS, toolsOf, type Command } from './command.ts'

export interface Output {
  readonly stdout: string
  readonly stderr: string
  /** 0, or one of the command's `okStatuses`. */
  readonly status: number
}

/**
 * Runs one command to its end. Errors: ToolMissing, CommandFailed (with the tool's own words; `unknown` when it was
 * stopped half-way). `signal` ends the tool early.
 */
export type Runner = (command: Command, signal?: AbortSignal) => Promise<Output>

/** How long a command may take that does not say so itself. */
export const LIMIT_MS = 10_000
/** Where a child finds the namespace of `inside` or `mentions`: the first descriptor after stdin, stdout, stderr. */
const PASSED_FD = '/proc/self/fd/3'

/** PATH for children: root's cron and sudo often leave out the sbin folders where `ip` and `ethtool` live. */
function searchPath(): string {
  const own = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return [...new Set([...own, '/usr/sbin', '/usr/bin', '/sbin', '/bin'])].join(delimiter)
}

// From scratch: nothing a caller exported may change what a tool prints or which database it talks to, except the
// run directories that the tools of OVS and OVN themselves document.
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => name === 'OVS_RUNDIR' || name === 'OVN_RUNDIR')
  return { PATH: searchPath(), LC_ALL: 'C', ...Object.fromEntries(kept) }
}

function startOptions(command: Command) {
  const namespace = command.inside ?? command.mentions
  return {
    env: environment(),
    cwd: '/',
    // A session of its own: Ctrl-C in a terminal goes to ovsd alone, which decides when the tool has to end.
    detached: true,
    stdio: [
      command.input === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      ...(namespace === undefined ? [] : [namespace.fd]),
    ],
  } satisfies SpawnOptions
}

/** What is typed against a namespace's path is run against the descriptor that was opened and checked. */
function resolved(command: Command): { file: string; args: string[]; input: string | undefined } {
  const namespace = command.inside ?? command.mentions
  const swap = (text: string): string => (namespace === undefined ? text : text.replaceAll(namespace.path, PASSED_FD))
  const args = command.args.map((argument) => swap(argument))
  const input = command.input === undefined ? undefined : swap(command.input)
  return command.inside === undefined
    ? { file: command.tool, args, input }
    : { file: 'nsenter', args: [`--net=${PASSED_FD}`, command.tool, ...args], input }
}

/** The real runner. node:child_process and not execa, which costs 15 ms for an add-port (docs/decisions/0006). */
export const run: Runner = async (command, signal) => {
  signal?.throwIfAborted()
  const { file, args, input } = resolved(command)
  const child = spawn(file, args, startOptions(command))
  const stdout = collected(child.stdout)
  const stderr = collected(child.stderr)
  if (command.heard !== undefined) for (const stream of [child.stdout, child.stderr]) hear(stream, command.heard)
  // A tool that ends before it has read everything says by its status why.
  child.stdin?.on('error', () => undefined).end(input)
  let timedOut = false
  const stop = (): void => {
    endGroup(child)
  }
  const timer = setTimeout(() => {
    timedOut = true
    stop()
  }, command.timeoutMs ?? LIMIT_MS)
  signal?.addEventListener('abort', stop, { once: true })
  const { code, exitCode, endedBy } = await ended(child)
  clearTimeout(timer)
  signal?.removeEventListener('abort', stop)
  if (exitCode === 0 || (exitCode !== null && command.okStatuses?.includes(exitCode) === true))
    return { stdout: stdout(), stderr: stderr(), status: exitCode }
  throw failure(command, file, { code, exitCode, endedBy, timedOut, said: stderr().trim() || stdout().trim() })
}

/** How long a tool has to end by itself once it was asked to. */
const GRACE_MS = 1_000

/**
 * Ends a tool and whatever it has started: it leads a process group of its own. One that ignores SIGTERM is killed; a
 * child of it that kept the pipes open would otherwise be waited for without end.
 */
function endGroup(child: ChildProcess): void {
  const signal = (name: NodeJS.Signals): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name)
    } catch {
      // Nothing of it is left.
    }
  }
  signal('SIGTERM')
  const last = setTimeout(() => {
    signal('SIGKILL')
  }, GRACE_MS)
  child.once('close', () => {
    clearTimeout(last)
  })
}

/** Collects what a stream says; ask for it once the tool has ended. */
function collected(stream: Readable | null): () => string {
  const chunks: Buffer[] = []
  stream?.on('data', (chunk: Buffer) => chunks.push(chunk))
  return () => Buffer.concat(chunks).toString('utf8')
}

/** Tells `heard` each line of a stream that is not empty, when it is complete. */
function hear(stream: Readable | null, heard: (line: string) => void): void {
  let begun = ''
  const tell = (lines: readonly string[]): void => {
    for (const line of lines) if (line.trim() !== '') heard(line.trim())
  }
  stream?.on('data', (chunk: Buffer) => {
    const lines = `${begun}${chunk.toString('utf8')}`.split(/[\r\n]/)
    begun = lines.pop() ?? ''
    tell(lines)
  })
  stream?.on('end', () => {
    tell([begun])
  })
}

/** How a tool ended: it did not start (`code`), it exited, or a signal ended it. */
interface Ended {
  readonly code: string | undefined
  readonly exitCode: number | null
  readonly endedBy: NodeJS.Signals | null
}

/** Resolves when the tool has ended and everything it said has arrived. */
function ended(child: ChildProcess): Promise<Ended> {
  const { promise, resolve } = Promise.withResolvers<Ended>()
  child.once('error', ({ code }: NodeJS.ErrnoException) => {
    resolve({ code: code ?? 'unknown', exitCode: null, endedBy: null })
  })
  child.once('close', (exitCode, endedBy) => {
    resolve({ code: undefined, exitCode, endedBy })
  })
  return promise
}

function failure(command: Command, file: string, how: Ended & { timedOut: boolean; said: string }): Error {
  const { code, exitCode, endedBy, timedOut, said } = how
  if (code === 'ENOENT') return new ToolMissing(file, TOOLS[file as keyof typeof TOOLS])
  const line = shellLine(command)
  if (code !== undefined) return new CommandFailed(line, code, false, 'Cannot be started')
  if (timedOut) return new CommandFailed(line, said, true, 'Not finished in time')
  if (endedBy !== null) return new CommandFailed(line, said, true, `Ended by ${endedBy}`)
  return new CommandFailed(line, said, false, `Failed with status ${String(exitCode)}`)
}

/** What ovsd itself prints, as another process, when it is at its post. */
export const AT_POST = 'ready\n'
/** How long it may take until then. */
const POST_MS = 10_000

/** A process that goes on when this one has ended. */
export interface Detached {
  readonly pid: number
  stop(): void
}

/**
 * Starts ovsd itself as a process of a session of its own, which no terminal ends and nobody waits for, and returns when it
 * has said AT_POST. `program` is all that is typed. Error: WatchdogFailed; nothing of it is left then.
 */
export async function startDetached(program: readonly string[], signal: AbortSignal): Promise<Detached> {
  signal.throwIfAborted()
  const [file = '', ...args] = program
  const child = spawn(file, args, { env: environment(), cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const answer = (isReady: boolean) => () => {
    resolve(isReady)
  }
  const failed = answer(false)
  child.stdout.once('data', (chunk: Buffer) => {
    resolve(chunk.toString() === AT_POST)
  })
  child.once('error', failed).once('exit', failed)
  const timer = setTimeout(failed, POST_MS)
  signal.addEventListener('abort', failed, { once: true })
  const isReady = await promise
  clearTimeout(timer)
  signal.removeEventListener('abort', failed)
  child.stdout.destroy()
  child.unref()
  const stop = (): void => {
    child.kill('SIGKILL')
  }
  if (isReady && child.pid !== undefined) return { pid: child.pid, stop }
  stop()
  signal.throwIfAborted()
  throw new OvsdError('WatchdogFailed', `The process that would take it back does not start: ${program.join(' ')}`, {
    next: 'Type that, to see why; or leave out --confirm-within.',
  })
}

/** Checks that every tool of these commands is on PATH, before any of them runs. Error: ToolMissing. */
export function requireTools(commands: readonly Command[]): void {
  const folders = searchPath().split(delimiter)
  for (const tool of new Set(commands.flatMap((command) => toolsOf(command))))
    if (!(isAbsolute(tool) ? [''] : folders).some((folder) => executable(join(folder, tool))))
      throw new ToolMissing(tool, TOOLS[tool])
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A runner that tells `tell`, if that is given, about each command with its time in milliseconds (--verbose). */
export function traced(runner: Runner, tell: ((line: string, ms: number) => void) | undefined): Runner {
  if (tell === undefined) return runner
  return async (command, signal) => {
    const start = performance.now()
    try {
      return await runner(command, signal)
    } finally {
      tell(shellLine(command), performance.now() - start)
    }
  }
}
