import { BadInput } from '../errors.ts'
import { LEVELS, type Level } from './log.ts'

/** The levels of logrus, which ovs-port-manager has, in those of this log. */
const ALSO: Readonly<Record<string, Level>> = { trace: 'debug', warning: 'warn', fatal: 'error', panic: 'error' }

/** Parses a level of the log; also those of logrus. */
export function parseLogLevel(text: string, field: string): Level {
  const word = text.toLowerCase()
  const level = LEVELS.find((one) => one === word) ?? (Object.hasOwn(ALSO, word) ? ALSO[word] : undefined)
  if (level === undefined) throw new BadInput(field, `${quoted(text)} is not one of ${LEVELS.join(', ')}.`, 'info')
  return level
}

export function parseLogFormat(text: string, field: string): 'text' | 'json' {
  if (text === 'text' || text === 'json') return text
  throw new BadInput(field, `${quoted(text)} is neither text nor json.`, 'json')
}

/** Parses the place of the policy: a whole path, because a daemon's folder is not that of who wrote it, or `none`. */
export function parsePolicyPath(text: string, field: string): string {
  if (text === 'none' || /^\/[^\p{Cc}]+$/u.test(text)) return text
  throw new BadInput(field, `${quoted(text)} is neither a whole path nor none.`, '/etc/ovsd/policy.yaml')
}

/** Parses the seconds between two looks at all containers: 5 to 3600. */
export function parseResync(text: string, field: string): number {
  const seconds = /^[1-9][0-9]{0,3}$/.test(text) ? Number(text) : 0
  if (seconds < 5 || seconds > 3600)
    throw new BadInput(field, `${quoted(text)} is not a number of seconds from 5 to 3600.`, '60')
  return seconds
}

/** Parses what Go takes for a boolean, because ovs-port-manager does (strconv.ParseBool). */
export function parseSwitch(text: string, field: string): boolean {
  if (/^(1|t|true)$/i.test(text)) return true
  if (/^(0|f|false)$/i.test(text)) return false
  throw new BadInput(field, `${quoted(text)} is neither true nor false.`, 'true')
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 80))
