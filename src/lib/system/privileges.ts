import { readFileSync } from 'node:fs'
import { BE_ROOT, Refused } from '../errors.ts'

/** Numbers of the capabilities that changing a host's network takes (capabilities(7)). */
const NEEDED = { CAP_NET_ADMIN: 12n, CAP_SYS_ADMIN: 21n }

/** Refuses to begin what would fail half-way for want of privileges. Error: NotPermitted. */
export function requirePrivileges(): void {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
  if (effective === undefined) return
  const has = BigInt(`0x${effective}`)
  const missing = Object.entries(NEEDED)
    .filter(([, number]) => ((has >> number) & 1n) === 0n)
    .map(([name]) => name)
  if (missing.length > 0)
    throw new Refused(
      'NotPermitted',
      `ovsd may not change the network of this host (${missing.join(' and ')} missing).`,
      {
        next: BE_ROOT,
      },
    )
}
