// The program itself, as its users run it.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const executable = `${root}dist/ovsd`

/** The executable when it has been built (npm test builds it first), else the sources. */
export const PROGRAM: readonly string[] = existsSync(executable)
  ? [executable]
  : [process.execPath, `${root}bin/dev.ts`]

export interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

interface Circumstances {
  readonly env?: Readonly<Record<string, string>>
  readonly argv0?: string
}

const environment = (env: Circumstances['env'] = {}): NodeJS.ProcessEnv => ({ ...process.env, CI: 'true', ...env })

/** Runs ovsd to its end, whatever its status. 128 + N stands for signal N, as in a shell. */
export function ovsd(args: readonly string[], { env, argv0 }: Circumstances = {}): Ended {
  const [file = '', ...before] = PROGRAM
  const { status, signal, stdout, stderr, error } = spawnSync(file, [...before, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    env: environment(env),
    ...(argv0 === undefined ? {} : { argv0 }),
  })
  if (error !== undefined) throw error
  return { status: status ?? (signal === 'SIGKILL' ? 137 : 1), stdout, stderr }
}

/** Runs ovsd and throws unless it succeeds; gives its standard output. */
export function ok(...args: string[]): string {
  const { status, stdout, stderr } = ovsd(args)
  if (status !== 0) throw new Error(`ovsd ${args.join(' ')}: status ${String(status)}: ${stderr}${stdout}`)
  return stdout
}

/** The parsed --json answer of a run that must succeed. */
export function json(...args: string[]): unknown {
  return JSON.parse(ok(...args, '--json'))
}

/** Starts ovsd without waiting for it. */
export function start(
  args: readonly string[],
  env: Circumstances['env'] = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const [file = '', ...before] = PROGRAM
  const child = spawn(file, [...before, ...args], { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
  const texts = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk: Buffer) => (texts.stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (texts.stderr += chunk.toString()))
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => {
      resolve({ status: code ?? (signal === 'SIGKILL' ? 137 : signal === 'SIGTERM' ? 143 : 130), ...texts })
    })
  })
  return { child, ended }
}
