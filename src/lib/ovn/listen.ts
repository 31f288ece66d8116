// Where the databases of central are to listen for other hosts.
import { BadInput } from '../errors.ts'
import { parseIp, refuseSpecial } from '../net/ip-address.ts'
import { SIDES, type Side } from './remotes.ts'

/** An address of this host, and whether connections to it carry certificates. */
export interface Listen {
  readonly address: string
  readonly isSecure: boolean
}

/** external_ids of the rows that ovsd has made so that others reach a database: `ovn teardown` takes those away, and no others. */
export const OURS = { ovsd: '1' } as const

/** The tool of each database, and the table that says where it listens. */
export const TABLES = {
  northbound: { tool: 'ovn-nbctl', global: 'NB_Global' },
  southbound: { tool: 'ovn-sbctl', global: 'SB_Global' },
} as const satisfies Readonly<Record<Side, object>>

/**
 * Checks where to listen. What anybody could write to needs `insecure`, unless it is on this host only. Error: BadInput.
 */
export function parseListen(text: string, isSecure: boolean, insecure: boolean): Listen {
  const ip = parseIp(text, '--listen', '192.0.2.1')
  const isLoopback = ip.text === '::1' || ip.text.startsWith('127.')
  if (!isLoopback) refuseSpecial(ip, '--listen')
  if (!isSecure && !insecure && !isLoopback)
    throw new BadInput(
      '--listen',
      `whoever can reach ${ip.text} could change every network: give certificates (with --central local), or say --insecure.`,
      `${ip.text} --insecure`,
    )
  return { address: ip.text, isSecure }
}

/** A target for ovsdb-server (ovsdb(7), "Passive Connection Methods"). */
export function listenTarget(side: Side, { address, isSecure }: Listen): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `${isSecure ? 'pssl' : 'ptcp'}:${String(SIDES[side].port)}:${host}`
}
