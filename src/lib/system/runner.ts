// The only file that starts processes (a lint rule says so).
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Readable } from 'node:stream'
import { execa } from 'execa'
import { CommandFailed, ToolMissing } from '../errors.ts'
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

const LIMIT_MS = 10_000
/** Where a child finds the namespace of `inside` or `mentions`: the first descriptor after stdin, stdout, stderr. */
const PASSED_FD = '/proc/self/fd/3'

/** PATH for children: root's cron and sudo often leave out the sbin folders where `ip` and `ethtool` live. */
function searchPath(): string {
  const own = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return [...new Set([...own, '/usr/sbin', '/usr/bin', '/sbin', '/bin'])].join(delimiter)
}

// From scratch: nothing a caller exported may change what a tool prints or which database it talks to, except the
// run directory that the OVS tools themselves document.
function environment(): NodeJS.ProcessEnv {
  const { OVS_RUNDIR } = process.env
  return { PATH: searchPath(), LC_ALL: 'C', ...(OVS_RUNDIR === undefined ? {} : { OVS_RUNDIR }) }
}

// What execa offers beyond this is left unused because it is paid for at every start of a tool: its `input`, buffering,
// time limit and cancel signal cost 7 ms together for three tools (docs/decisions/0002).
function startOptions(command: Command) {
  const namespace = command.inside ?? command.mentions
  const stdin = command.input === undefined ? 'ignore' : 'pipe'
  return {
    env: environment(),
    extendEnv: false,
    cwd: '/',
    reject: false,
    buffer: false,
    // A session of its own: Ctrl-C in a terminal goes to ovsd alone, which decides when the tool has to end.
    detached: true,
    cleanup: false,
    // execa's types know no descriptor numbers behind the third place; it passes them on to spawn() all the same.
    stdio: [stdin, 'pipe', 'pipe', ...(namespace === undefined ? [] : [namespace.fd])] as ['pipe', 'pipe', 'pipe'],
  } as const
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

/** The real runner. */
export const run: Runner = async (command, signal) => {
  signal?.throwIfAborted()
  const { file, args, input } = resolved(command)
  const child = execa(file, args, startOptions(command))
  const stdout = collected(child.stdout)
  const stderr = collected(child.stderr)
  if (input !== undefined) {
    // A tool that ends before it has read everything says by its status why.
    child.stdin.on('error', () => undefined)
    child.stdin.end(input)
  }
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    child.kill('SIGTERM')
  }, command.timeoutMs ?? LIMIT_MS)
  const stop = (): void => {
    child.kill('SIGTERM')
  }
  signal?.addEventListener('abort', stop, { once: true })
  const result = await child
  clearTimeout(timer)
  signal?.removeEventListener('abort', stop)
  const status = result.exitCode
  if (status !== undefined && (status === 0 || command.okStatuses?.includes(status) === true))
    return { stdout: await stdout(), stderr: await stderr(), status }
  const said = result.code === 'ENOENT' ? '' : (await stderr()).trim() || (await stdout()).trim()
  throw failure(command, file, { ...pick(result), timedOut, said })
}

/** Collects what a stream says; the answer waits for its end. */
function collected(stream: Readable): () => Promise<string> {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((resolve) => stream.once('close', resolve))
  return async () => {
    if (!stream.closed) await ended
    return Buffer.concat(chunks).toString('utf8')
  }
}

const pick = ({ code, exitCode, signal }: Pick<Ended, 'code' | 'exitCode' | 'signal'>) => ({ code, exitCode, signal })

/** How a tool ended that did not succeed. */
interface Ended {
  readonly code?: string | undefined
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly timedOut: boolean
  readonly said: string
}

function failure(command: Command, file: string, { code, exitCode, signal, timedOut, said }: Ended): Error {
  if (code === 'ENOENT') return new ToolMissing(file, TOOLS[file as keyof typeof TOOLS])
  const line = shellLine(command)
  if (timedOut) return new CommandFailed(line, said, true, 'Not finished in time')
  if (signal !== undefined) return new CommandFailed(line, said, true, `Ended by ${signal}`)
  return new CommandFailed(line, said, false, `Failed with status ${String(exitCode)}`)
}

/** Checks that every tool of these commands is on PATH, before any of them runs. Error: ToolMissing. */
export function requireTools(commands: readonly Command[]): void {
  const folders = searchPath().split(delimiter)
  for (const tool of new Set(commands.flatMap((command) => toolsOf(command))))
    if (!folders.some((folder) => executable(join(folder, tool)))) throw new ToolMissing(tool, TOOLS[tool])
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** A runner that tells `tell` about each command with its time in milliseconds (--verbose). */
export function traced(runner: Runner, tell: (line: string, ms: number) => void): Runner {
  return async (command, signal) => {
    const start = performance.now()
    try {
      return await runner(command, signal)
    } finally {
      tell(shellLine(command), performance.now() - start)
    }
  }
}
