import { OvsdbClient } from '../ovsdb/client.ts'
import type { Endpoint } from '../ovsdb/endpoint.ts'
import type { Json } from '../ovsdb/values.ts'
import { SIDES } from './remotes.ts'

/** The lock that whichever ovn-northd works holds on the server of the southbound database (ovn-northd(8), "ACTIVE-STANDBY"). */
const LOCK = 'ovn_northd'

/**
 * Whether an ovn-northd is at work, asked of the leader of the southbound database, as ovn-northd does. It says so by its lock:
 * a second one who asks for it is told to wait, and the request is taken back (RFC 7047, 4.1.8). An idle one leaves no other sign.
 * Errors: DatabaseUnreachable, DatabaseRefused.
 */
export async function northdWorks(leader: Endpoint): Promise<boolean> {
  using client = new OvsdbClient(leader, SIDES.southbound.database)
  const answer = await client.requestAbout(LOCK, 'lock')
  await client.requestAbout(LOCK, 'unlock')
  return (answer as { readonly locked?: Json } | null)?.locked !== true
}
