// A daemon of ovsd, `watch`, `plugin` or `daemon`, as a service manager runs it: started, its log read, ended with SIGTERM.
import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { PROGRAM } from './ovsd.ts'

/** One line of the log. Fields of the event beside these: container, interface, bridge, port, code, rule, what … */
export interface LogLine {
  readonly time: string
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly event: string
  readonly msg: string
  readonly [field: string]: unknown
}

/** What a line has to be: the event, or fields with their values; an expression is matched against the text. */
export type Wanted = string | Readonly<Record<string, unknown>> | ((line: LogLine) => boolean)

/** A running daemon. At the end of the `using` block it gets SIGTERM, and has to end with status 0. */
export interface Watcher extends AsyncDisposable {
  readonly pid: number
  /** What it was started with, without `watch`: the same words for --dry-run. */
  readonly args: readonly string[]
  /** Everything it has logged so far, and goes on logging. */
  readonly lines: readonly LogLine[]
  /** Lines like that, from the line with this number on. */
  all(wanted: Wanted, from?: number): readonly LogLine[]
  /** Waits for a line like that, from the line with this number on; throws with the log when it does not come. */
  sees(wanted: Wanted, options?: { readonly from?: number; readonly seconds?: number }): Promise<LogLine>
  /** Does something, and waits for a line like that which comes after it was begun. */
  after(action: () => unknown, wanted: Wanted, seconds?: number): Promise<LogLine>
  /** Does something, and gives what is logged within this time from then on. */
  during(seconds: number, action?: () => unknown): Promise<readonly LogLine[]>
  signal(name: NodeJS.Signals): void
  /** Resolves with the exit status (128 + N for signal N) whenever it ends. */
  readonly ended: Promise<number>
  /** Sends a signal, waits for the end, and gives the exit status. Done already: only the status. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

/** Longest time that a daemon may take to end before it is killed, in milliseconds. */
const END_MS = 20_000

/** Starts `ovsd watch` with these options, and waits until it says that it has started. */
export const watch = (
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  program = PROGRAM,
): Promise<Watcher> => service('watch', args, env, program)

/** The same of `ovsd plugin`: Docker finds it from then on. */
export const plugin = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Watcher> =>
  service('plugin', ['--log-level=debug', ...args], env, PROGRAM)

/** The same of `ovsd daemon`; `first`: the line that says that it may go on, when something else starts the program. */
export const daemon = (
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  { program = PROGRAM, first = 'daemon.started' } = {},
): Promise<Watcher> => service('daemon', ['--log-level=debug', ...args], env, program, first)

async function service(
  command: 'watch' | 'plugin' | 'daemon',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  program: readonly string[],
  first = `${command}.started`,
): Promise<Watcher> {
  const [file = '', ...before] = program
  const child = spawn(file, [...before, command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CI: 'true', ...env },
  })
  const killed = (): void => void child.kill('SIGKILL')
  process.once('exit', killed)
  const lines: LogLine[] = []
  const strays: string[] = []
  const waiting = new Set<() => void>()
  let asked = false
  const stderr = createInterface({ input: child.stderr })
  stderr.on('line', (text) => {
    const line = parsed(text)
    if (line === undefined) strays.push(text)
    else lines.push(line)
    for (const look of waiting) look()
  })
  child.stdout.on('data', (chunk: Buffer) => strays.push(`on stdout: ${chunk.toString()}`))
  const read = once(stderr, 'close')
  const ended = once(child, 'close').then(async ([code, signal]) => {
    await read
    process.off('exit', killed)
    return (code as number | null) ?? 128 + constants.signals[signal as NodeJS.Signals]
  })
  const story = (): string => [...lines.slice(-40).map(brief), ...strays].join('\n')

  const watcher: Watcher = {
    pid: child.pid ?? 0,
    args,
    lines,
    ended,
    all: (wanted, from = 0) => lines.slice(from).filter((line) => isLike(line, wanted)),
    async sees(wanted, { from = 0, seconds = 5 } = {}) {
      let looked = from
      const { promise, resolve, reject } = Promise.withResolvers<LogLine>()
      const look = (): void => {
        const found = lines.slice(looked).find((line) => isLike(line, wanted))
        looked = Math.max(looked, lines.length)
        if (found !== undefined) resolve(found)
      }
      const never = (why: string) => (): void => {
        reject(new Error(`${why} and never said ${described(wanted)}. Its log:\n${story()}`))
      }
      waiting.add(look)
      const timer = setTimeout(never(`ovsd ${command} had ${seconds} s`), seconds * 1000)
      void ended.then(never(`ovsd ${command} ended`))
      look()
      return await promise.finally(() => {
        clearTimeout(timer)
        waiting.delete(look)
      })
    },
    async after(action, wanted, seconds = 5) {
      const from = lines.length
      await action()
      return await watcher.sees(wanted, { from, seconds })
    },
    async during(seconds, action) {
      const from = lines.length
      await action?.()
      await pause(seconds * 1000)
      return lines.slice(from)
    },
    signal(name) {
      asked ||= ['SIGTERM', 'SIGINT', 'SIGKILL'].includes(name)
      child.kill(name)
    },
    async stop(signal = 'SIGTERM') {
      asked = true
      child.kill(signal)
      const timer = setTimeout(killed, END_MS)
      return await ended.finally(() => {
        clearTimeout(timer)
      })
    },
    async [Symbol.asyncDispose]() {
      // Whoever ended it has seen its status; nobody did when it ended by itself.
      if (asked && (child.exitCode !== null || child.signalCode !== null)) return
      const status = await watcher.stop()
      assert.equal(status, 0, `ovsd ${command} ended with status ${status}. Its log:\n${story()}`)
      assert.deepEqual(strays, [], 'not lines of JSON')
    },
  }
  try {
    await watcher.sees(first, { seconds: 20 })
  } catch (error) {
    await watcher.stop('SIGKILL')
    throw error
  }
  return watcher
}

const brief = ({ time, level, event, msg }: LogLine): string =>
  `${time.slice(11, 23)} ${level} ${event}: ${msg.slice(0, 300)}`

function parsed(text: string): LogLine | undefined {
  try {
    const line = JSON.parse(text) as LogLine
    return typeof line.event === 'string' ? line : undefined
  } catch {
    return undefined
  }
}

function isLike(line: LogLine, wanted: Wanted): boolean {
  if (typeof wanted === 'string') return line.event === wanted
  if (typeof wanted === 'function') return wanted(line)
  return Object.entries(wanted).every(([key, value]) => {
    const found = line[key]
    if (value instanceof RegExp) return value.test(typeof found === 'string' ? found : JSON.stringify(found ?? ''))
    return JSON.stringify(found) === JSON.stringify(value)
  })
}

const described = (wanted: Wanted): string =>
  typeof wanted === 'function'
    ? String(wanted)
    : JSON.stringify(wanted, (_, value: unknown) => (value instanceof RegExp ? String(value) : value))
