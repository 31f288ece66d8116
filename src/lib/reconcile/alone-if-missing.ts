import type { Host } from '../host.ts'
import type { Claims } from './claims.ts'

/**
 * The first who needs a bridge that is missing gets a claim on it, and creates it; the others wait, and then find it. Who
 * takes other claims as well takes them after this one: then nobody waits for it who is waited for.
 */
export async function aloneIfMissing(host: Host, claims: Claims, bridge: string): Promise<Disposable | undefined> {
  if ((await host.ovs.bridge(bridge)) !== undefined) return undefined
  const alone = await claims.take([`bridge ${bridge}`])
  const isStillMissing = await host.ovs.bridge(bridge).then(
    (found) => found === undefined,
    // The recipe asks again, and it is the one to say so.
    () => false,
  )
  if (isStillMissing) return alone
  alone[Symbol.dispose]()
  return undefined
}
