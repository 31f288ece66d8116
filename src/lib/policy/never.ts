import type { RecordedNetwork } from '../network/record.ts'

/** What the database says of a bridge. Of a VLAN bridge (ovs-vsctl add-br NAME PARENT VLAN) it says that of the parent. */
export interface BridgeFacts {
  readonly externalIds: Readonly<Record<string, string>>
  readonly parent?: string | undefined
  /** The VLAN of a VLAN bridge. */
  readonly tag?: number | undefined
  /** The networks on it. */
  readonly networks?: readonly RecordedNetwork[]
}

/** The name that OVN's integration bridge has unless somebody chose another (ovn-controller(8), ovn-bridge). */
const INTEGRATION_BRIDGE = 'br-int'

// ovn-controller keeps the connection-tracking zones of its logical ports, and the number of its last configuration, in the
// external_ids of the integration bridge, whatever that is called.
const OVN_MARK = /^(ct-zone-|ovn-)/

/** Why no file can allow this bridge; undefined when one can. What joins OVN's bridge goes past everything OVN enforces. */
export function neverAllowed(name: string, facts?: BridgeFacts): string | undefined {
  if (name === INTEGRATION_BRIDGE || facts?.parent === INTEGRATION_BRIDGE)
    return `${name} belongs to OVN, and no rule can allow it.`
  if (facts !== undefined && Object.keys(facts.externalIds).some((key) => OVN_MARK.test(key)))
    return `${name} belongs to OVN by its external_ids, and no rule can allow it.`
  return undefined
}
