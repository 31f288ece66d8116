import type { AttachRequest } from '../plan/request.ts'
import type { BridgeFacts } from './never.ts'
import type { Policy } from './policy.ts'

/**
 * A request as it may be carried out. To Open vSwitch a port without a VLAN is a trunk of all VLANs
 * (ovs-vswitchd.conf.db(5), vlan_mode): what is in the container can then send and receive tagged frames of any of them.
 * Where not every trunk is allowed, such a port becomes an access port of VLAN 0, which is untagged traffic alone. On a
 * VLAN bridge it is in that VLAN anyway.
 */
export function confined(policy: Policy, request: AttachRequest, bridge?: BridgeFacts): AttachRequest {
  if (request.vlan.kind !== 'none' || policy.rules.trunks === true || bridge?.tag !== undefined) return request
  return { ...request, vlan: { kind: 'access', tag: 0 } }
}
