import { painter } from '../ui/colour.ts'
import { plainLine } from '../ui/plain-text.ts'

/** Levels from the least to the most important. */
export const LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof LEVELS)[number]

type Value = string | number | boolean | readonly string[] | undefined

/** Facts of an event, for the JSON form. Keys are in snake case and mean the same in every event; `undefined` is left out. */
export interface LogFields {
  readonly [key: string]: Value
  readonly container?: string | undefined
  readonly container_id?: string | undefined
  readonly interface?: string | undefined
  readonly bridge?: string | undefined
  readonly port?: string | undefined
  /** Code of an error, as in ovsd-errors(7). */
  readonly code?: string | undefined
  /** The rule of the policy that a request breaks. */
  readonly rule?: string | undefined
  readonly retry_in_s?: number | undefined
  // Every line has these from the log itself.
  readonly time?: undefined
  readonly level?: undefined
  readonly event?: undefined
  readonly msg?: undefined
}

/**
 * One line per event. `event` is a stable id (`port.attached`), `msg` the words for people; both forms have the words,
 * only JSON has `event` and `fields`.
 */
export interface Log {
  /** What is below this level is not written. May be changed at any time. */
  level: Level
  debug(event: string, msg: string, fields?: LogFields): void
  info(event: string, msg: string, fields?: LogFields): void
  warn(event: string, msg: string, fields?: LogFields): void
  error(event: string, msg: string, fields?: LogFields): void
}

export interface LogOptions {
  /** Text for a terminal, JSON for whatever collects logs. */
  readonly format: 'text' | 'json'
  readonly level: Level
  /** Takes one line with its end. What it throws is swallowed: a log that cannot be written stops nothing. */
  readonly write: (line: string) => void
  readonly now?: () => Date
}

/** Makes a log. Text is coloured as stderr allows. */
export function createLog({ format, level, write, now = () => new Date() }: LogOptions): Log {
  const line = format === 'json' ? jsonLine : textLine(painter(process.stderr))
  const log: Log = { level, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  function at(one: Level) {
    return (event: string, msg: string, fields: LogFields = {}): void => {
      if (LEVELS.indexOf(one) < LEVELS.indexOf(log.level)) return
      try {
        write(`${line(now(), one, event, clean(msg), fields)}\n`)
      } catch {
        // A full disk, a reader that went.
      }
    }
  }
  return log
}

/** `12:03:04.123 info  attached eth1 …`, in local time: a person reads it beside a clock. */
function textLine(paint: ReturnType<typeof painter>) {
  const colours = { debug: paint.dim, info: paint.green, warn: paint.yellow, error: paint.red }
  return (time: Date, level: Level, _event: string, msg: string): string => {
    const [hours, minutes, seconds] = [time.getHours(), time.getMinutes(), time.getSeconds()].map((n) => padded(n, 2))
    const clock = `${hours ?? ''}:${minutes ?? ''}:${seconds ?? ''}.${padded(time.getMilliseconds(), 3)}`
    return `${clock} ${colours[level](level.padEnd(5))} ${msg}`
  }
}

const padded = (n: number, width: number): string => String(n).padStart(width, '0')

function jsonLine(time: Date, level: Level, event: string, msg: string, fields: LogFields): string {
  const facts = Object.entries(fields).map(([key, value]) => [key, cleanValue(value)] as const)
  return JSON.stringify({ time: time.toISOString(), level, event, msg, ...Object.fromEntries(facts) })
}

function cleanValue(value: Value): Value {
  if (typeof value === 'string') return clean(value)
  return typeof value === 'object' ? value.map(clean) : value
}

/** systemd-journald cuts lines of 48 KiB in two (journald.conf(5), LineMax): a label must not decide where one begins. */
const MOST_CHARACTERS = 4000

/**
 * Text that stays on its line. Ends of lines become a space, as messages of errors have them; U+2028 and U+2029 are ends
 * of lines to some that show logs. Cleaned in JSON too: what `jq -r` prints must be no other than what the log said.
 */
function clean(text: string): string {
  const cut = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
  return plainLine(cut.replaceAll(/[^\S\n\u2028\u2029]*[\n\u2028\u2029]\s*/g, ' ')).toWellFormed()
}
