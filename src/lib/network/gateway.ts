// The host's side of a nat network: the link that has the gateway's addresses. Everything about it is derived from the network.
import { fnv1a64 } from '../net/hash.ts'
import type { Family } from '../net/ip-address.ts'
import { derivedMac } from '../net/mac.ts'
import type { Host } from '../host.ts'
import { isMadeForNetworks } from './record.ts'
import type { NetworkSpec } from './spec.ts'

/** A subnet as the host has it. */
export interface GatewaySide {
  readonly family: Family
  readonly subnet: string
  /** The gateway: without its prefix, and with it. */
  readonly ip: string
  readonly address: string
}

export interface Gateway {
  readonly network: string
  readonly tenant: string | undefined
  readonly bridge: string
  readonly link: string
  /** Whether the link is the bridge's own port, and not a port that was made for the gateway. */
  readonly isOwnPort: boolean
  /** Of a port that was made for it; 0 is untagged traffic. */
  readonly tag: number
  readonly mac: string
  readonly mtu: number
  readonly sides: readonly GatewaySide[]
}

/**
 * The group that every gateway link belongs to (ip-link(8)): others who guard what is forwarded leave it to the table of
 * these networks, which knows more (external-filter.ts).
 */
export { GATEWAY_GROUP } from '../attach/external-leg.ts'

export const isNat = ({ mode }: NetworkSpec): boolean => mode === 'nat'

/**
 * The gateway of a nat network. Untagged on a bridge that was made for networks it is the bridge's own port, as people know
 * it from Docker. The own port of somebody else's bridge may be the host's way to the world: there it is a port beside it.
 */
export function gatewayOf(spec: NetworkSpec, isMade: boolean): Gateway {
  const { name, bridge, vlan, tenant, mtu, id = name } = spec
  const isOwnPort = vlan === undefined && isMade
  return {
    ...{ network: name, tenant, bridge, isOwnPort, tag: vlan ?? 0 },
    link: isOwnPort ? bridge : `${fnv1a64(`gateway/${bridge}/${name}`).slice(0, 13)}_g`,
    // Of the id, which no network of another host has: they may share a segment one day.
    mac: derivedMac(id, 'gateway'),
    // Said in any case: otherwise Open vSwitch gives the link the smallest MTU of all ports of the bridge.
    mtu: mtu ?? 1500,
    sides: spec.subnets.flatMap(({ cidr, gateway }) => {
      if (gateway === undefined) return []
      const address = `${gateway.text}/${String(cidr.prefix)}`
      return [{ family: cidr.ip.family, subnet: cidr.text, ip: gateway.text, address }]
    }),
  }
}

/** The gateways of those networks that have one, by name. A bridge that is missing will be made for them. */
export async function gatewaysOf(host: Host, specs: readonly NetworkSpec[]): Promise<readonly Gateway[]> {
  const rows = await host.ovs.bridges()
  return specs
    .filter(isNat)
    .map((spec) => {
      const row = rows.find(({ name }) => name === spec.bridge)
      return gatewayOf(spec, row === undefined || isMadeForNetworks(row))
    })
    .sort((a, b) => (a.network < b.network ? -1 : 1))
}

/** Whether one of them has IPv6. */
export const hasFamily = (gateways: readonly Gateway[], family: Family): boolean =>
  gateways.some(({ sides }) => sides.some((side) => side.family === family))
