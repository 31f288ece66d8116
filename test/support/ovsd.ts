// The program itself, as its users run it.
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'
import { execa, execaSync } from 'execa'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executable = `${root}dist/ovsd`

/** The executable when it has been built (npm test builds it first), else the sources. */
export const PROGRAM: readonly string[] = existsSync(executable)
  ? [executable]
  : [process.execPath, `${root}bin/dev.ts`]

export interface Ended {
  /** Exit status; 128 + N stands for signal N, as in a shell. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

type Env = Readonly<Record<string, string>>

const options = (env: Env) =>
  ({ reject: false, stripFinalNewline: false, stdin: 'ignore', timeout: 60_000, env: { CI: 'true', ...env } }) as const

function outcome(result: { exitCode?: number; signal?: string; stdout: string; stderr: string }): Ended {
  const { exitCode, signal, stdout, stderr } = result
  const number = signal === undefined ? 1 : constants.signals[signal as NodeJS.Signals]
  return { status: exitCode ?? 128 + number, stdout, stderr }
}

/** Runs ovsd to its end, whatever its status. */
export function ovsd(args: readonly string[], env: Env = {}): Ended {
  const [file = '', ...before] = PROGRAM
  return outcome(execaSync(file, [...before, ...args], options(env)))
}

/** Runs ovsd and throws unless it succeeds; gives its standard output. */
export function ok(...args: string[]): string {
  const { status, stdout, stderr } = ovsd(args)
  if (status !== 0) throw new Error(`ovsd ${args.join(' ')}: status ${String(status)}: ${stderr}${stdout}`)
  return stdout
}

/** The error of a --json run that failed. */
export const errorOf = ({ stdout }: Pick<Ended, 'stdout'>): { code: string; message: string } =>
  (JSON.parse(stdout) as { error: { code: string; message: string } }).error

/** The parsed --json answer of a run that must succeed. */
export function json(...args: string[]): unknown {
  return JSON.parse(ok(...args, '--json'))
}

/** Starts ovsd without waiting for it; the answer does. */
export function start(args: readonly string[], env: Env = {}): { pid: number; ended: Promise<Ended> } {
  const [file = '', ...before] = PROGRAM
  const child = execa(file, [...before, ...args], options(env))
  return { pid: child.pid ?? 0, ended: child.then(outcome) }
}
