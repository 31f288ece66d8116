// The only file that starts processes (a lint rule says so).
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { execa, type Options } from 'execa'
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

function startOptions(command: Command, signal: AbortSignal | undefined): Options {
  const namespace = command.inside ?? command.mentions
  return {
    env: environment(),
    extendEnv: false,
    cwd: '/',
    reject: false,
    stripFinalNewline: false,
    timeout: command.timeoutMs ?? LIMIT_MS,
    // A session of its own: Ctrl-C in a terminal goes to ovsd alone, which decides when the tool has to end.
    detached: true,
    cleanup: false,
    // execa's types know no descriptor numbers behind the third place; it passes them on to spawn() all the same.
    stdio: ['pipe', 'pipe', 'pipe', ...(namespace === undefined ? [] : [namespace.fd])] as ['pipe', 'pipe', 'pipe'],
    ...(signal === undefined ? {} : { cancelSignal: signal }),
  }
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
  const { file, args, input } = resolved(command)
  const result = await execa(file, args, { ...startOptions(command, signal), input: input ?? '' })
  const status = result.exitCode
  if (status !== undefined && (status === 0 || command.okStatuses?.includes(status) === true))
    return { stdout: text(result.stdout), stderr: text(result.stderr), status }
  throw failure(command, file, result)
}

/** What is read of execa's result. */
interface Ended {
  readonly code?: string | undefined
  readonly exitCode?: number | undefined
  readonly signal?: string | undefined
  readonly timedOut: boolean
  readonly stdout?: unknown
  readonly stderr?: unknown
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function failure(command: Command, file: string, result: Ended): Error {
  if (result.code === 'ENOENT') return new ToolMissing(file, TOOLS[file as keyof typeof TOOLS])
  const said = text(result.stderr).trim() || text(result.stdout).trim()
  const line = shellLine(command)
  if (result.timedOut) return new CommandFailed(line, said, true, 'Not finished in time', result)
  if (result.signal !== undefined) return new CommandFailed(line, said, true, `Ended by ${result.signal}`, result)
  return new CommandFailed(line, said, false, `Failed with status ${String(result.exitCode)}`, result)
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
