import { inventory, type Inventoried } from '../attach/inventory.ts'
import type { Host } from '../host.ts'
import { describeNetwork, type NetworkResult } from '../network/describe.ts'
import { networkNamed, networksOf, othersThan } from '../network/networks.ts'
import { describePending, readPending, type PendingResult } from '../network/pending.ts'
import type { NetworkSpec } from '../network/spec.ts'
import { tunnelsOf, type TunnelSeen } from '../network/tunnels-seen.ts'
import { usersOf } from '../network/users.ts'
import { isWithoutCentral } from '../ovn/without-central.ts'
import { missingOfParts } from './parts/parts.ts'

/** What net inspect answers. */
export interface InspectedNetwork extends NetworkResult {
  /** Until when it has to be confirmed; null when it stays anyway. */
  readonly pending: PendingResult | null
  /** What should be on this host and is not, in words. */
  readonly missing: readonly string[]
  readonly tunnels: readonly TunnelSeen[]
  readonly attachments: readonly Inventoried[]
  /** Containers without a port, which get their place again when they start: their addresses are nobody else's. */
  readonly keptFor: readonly KeptPlace[]
  /** What Docker calls it; null when Docker has not made it, or could not be asked yet. */
  readonly title: string | null
}

/** A place in a network that waits for its container. */
export interface KeptPlace {
  readonly container: string
  readonly containerId: string
  readonly interface: string
  readonly addresses: readonly string[]
}

/** Looks at a network and at all that belongs to it. Errors: NetworkMissing, NetworkDamaged, those of the database. */
export async function inspectNetwork(host: Host, typed: string): Promise<InspectedNetwork> {
  const [network, attached, all] = await Promise.all([networkNamed(host, typed), inventory(host), networksOf(host)])
  const { name, bridge, spec, title = null } = network
  const [row, { records }, missing, tunnels] = await Promise.all([
    host.ovs.bridge(bridge),
    usersOf(host, network),
    missingParts(host, spec, othersThan(spec, all)),
    spec.vxlan === undefined ? [] : tunnelsOf(host, spec),
  ])
  return {
    ...describeNetwork(spec),
    pending: describePending(readPending(row?.externalIds ?? {}, name, spec.id)),
    ...{ missing, tunnels, title },
    attachments: attached.filter((one) => one.network === name && one.bridge === bridge),
    keptFor: records.map((one) => ({
      ...{ container: one.name, containerId: one.id, interface: one.iface },
      addresses: one.spec.addresses,
    })),
  }
}

/** What is missing; of a network on OVN whose central is away, or still to be made, nobody knows, and all else is worth being shown. */
async function missingParts(
  host: Host,
  spec: NetworkSpec,
  others: ReturnType<typeof othersThan>,
): Promise<readonly string[]> {
  try {
    return await missingOfParts(host, spec, { others })
  } catch (error) {
    if (!isWithoutCentral(error)) throw error
    return [`whatever central would know of: ${error.message}`]
  }
}
