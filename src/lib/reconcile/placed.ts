import type { Host } from '../host.ts'
import { onRealBridge } from '../plan/real-bridge.ts'
import type { Desired } from './desired.ts'
import { asOvsdError, isRefusal } from './refusals.ts'

/**
 * What is wanted, with the parent in the place of a VLAN bridge: there the port will be, so there it is to be compared and
 * claimed. Errors: DatabaseUnreachable.
 */
export async function placed(host: Host, one: Desired): Promise<Desired> {
  const { iface, request } = one
  // A network is never on a VLAN bridge.
  if (request === undefined || one.network !== undefined) return one
  try {
    const exists = (await host.ovs.bridge(request.bridge)) !== undefined
    return { iface, request: await onRealBridge(host, request, exists) }
  } catch (thrown) {
    const error = asOvsdError(thrown)
    if (!isRefusal(error)) throw error
    return { iface, refusal: error }
  }
}
