import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'

/**
 * Refuses to change this host for a network of another database than its own: what the kernel has serves the networks of this
 * host, of which that database knows nothing. `typed` is the command that would do it there. Error: DatabaseNotOfHost.
 */
export function refuseOtherDatabase({ isDefaultDatabase, database }: Host, name: string, typed: string): void {
  if (isDefaultDatabase) return
  throw new Refused(
    'DatabaseNotOfHost',
    `The network ${name} of ${database.text} has something on the host that this database belongs to, which is not known to be this one.`,
    { next: `On that host, without --db: ${typed}` },
  )
}
