import type { Host } from '../host.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { networkGone, overlayOn } from '../plan/logical-attachment.ts'
import { onRealBridge } from '../plan/real-bridge.ts'
import type { Desired } from './desired.ts'
import { asOvsdError, isRefusal } from './refusals.ts'

/**
 * What is wanted, with the parent in the place of a VLAN bridge: there the port will be, so there it is to be compared and
 * claimed. What has its place in a network on OVN is the interface of a logical port. Errors: DatabaseUnreachable.
 */
export async function placed(host: Host, one: Desired): Promise<Desired> {
  const { iface, request } = one
  // A network is never on a VLAN bridge.
  if (request === undefined || one.network !== undefined) return one
  try {
    const bridge = await host.ovs.bridge(request.bridge)
    if (request.network !== undefined && request.bridge === INTEGRATION_BRIDGE) {
      if (overlayOn(bridge, request.network) === undefined) throw networkGone(request)
      return { iface, request: { ...request, onOvn: true } }
    }
    return { iface, request: await onRealBridge(host, request, bridge !== undefined) }
  } catch (thrown) {
    const error = asOvsdError(thrown)
    if (!isRefusal(error)) throw error
    return { iface, refusal: error }
  }
}
