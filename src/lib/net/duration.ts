import { BadInput } from '../errors.ts'

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
/** What a time may be at most. */
export const DAY = '1d'
export const MONTH = '30d'

const secondsOf = (text: string): number => {
  const [, number = '0', unit = ''] = /^([1-9][0-9]{0,6})([smhd])$/.exec(text) ?? []
  return Number(number) * (UNITS[unit] ?? 0)
}

/** Parses `90s`, `10m`, `2h` or `1d`, of at most `longest`; gives seconds. `good`: such a time. Error: BadInput. */
export function parseDuration(text: string, field: string, longest: string, good = '90s or 10m'): number {
  const seconds = secondsOf(text)
  if (seconds < 1 || seconds > secondsOf(longest))
    throw new BadInput(field, `${JSON.stringify(text.slice(0, 80))} is not a time from 1s to ${longest}.`, good)
  return seconds
}
