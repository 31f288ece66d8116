import { BadInput } from '../errors.ts'

const KBIT: Readonly<Record<string, number>> = { '': 0.001, k: 1, M: 1000, G: 1_000_000 }
/** 400 Gbit/s; the column holds 32 bits of kbit/s (ovs-vswitchd.conf.db(5), ingress_policing_rate). */
const MOST_KBIT = 400_000_000

/** Parses a rate in bits per second with a decimal unit, e.g. 100M; gives kbit/s. */
export function parseRate(text: string, field = '--rate'): number {
  const [, digits = '', unit = ''] = /^([1-9][0-9]{0,11})([kMG]?)(?:bit)?$/.exec(text) ?? []
  const kbit = Math.floor(Number(digits) * (KBIT[unit] ?? NaN))
  if (digits === '' || kbit < 1 || kbit > MOST_KBIT)
    throw new BadInput(field, `"${text}" is not a number of bits per second from 1k to 400G.`, '100M')
  return kbit
}

/** A rate in words, e.g. 100M. */
export function describeRate(kbit: number): string {
  if (kbit % 1_000_000 === 0) return `${String(kbit / 1_000_000)}G`
  return kbit % 1000 === 0 ? `${String(kbit / 1000)}M` : `${String(kbit)}k`
}
