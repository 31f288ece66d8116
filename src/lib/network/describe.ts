import type { Overlay } from './overlay.ts'
import type { NetworkSpec } from './spec.ts'

/** A network as --json gives it; null where there is none of it. */
export interface NetworkResult {
  readonly network: string
  readonly id: string | null
  /** net, or plugin for one that Docker has made. */
  readonly owner: string
  readonly bridge: string
  readonly mode: string
  /** null: untagged. */
  readonly vlan: number | null
  readonly tenant: string | null
  readonly vrf: string | null
  readonly mtu: number | null
  readonly uplink: string | null
  /** docker, static, dhcp or inside. */
  readonly addressesFrom: string
  readonly subnets: readonly {
    readonly subnet: string
    readonly gateway: string | null
    readonly range: string
    readonly aux: readonly { readonly name: string; readonly address: string }[]
  }[]
  /** What containers reach by it besides; via null: on the link itself. */
  readonly routes: readonly { readonly to: string; readonly via: string | null }[]
  readonly vxlan: { readonly remotes: readonly string[]; readonly key: number } | null
  /** The logical switch that it is; null on Open vSwitch alone. */
  readonly overlay: {
    readonly switch: string
    readonly physnet: string | null
    /** The logical router that it is joined to; of a transit network, its gateway router. */
    readonly router: string | null
    /** The transit network that its router is joined to. */
    readonly transitNetwork: string | null
    /** `transit` for one that joins routers. */
    readonly role: 'transit' | null
    /** Of a transit network: the routers outside, and what its own one has there. */
    readonly externalGateways: readonly string[]
    readonly externalAddresses: readonly string[]
    readonly dhcp: boolean
    readonly dns: readonly string[]
  } | null
  readonly mirror: { readonly ports: 'all' | readonly string[]; readonly dest: string } | null
}

export function describeNetwork(spec: NetworkSpec): NetworkResult {
  const { name, id, owner, bridge, mode, tenant, vrf, mtu, uplink, source, subnets, vxlan, overlay, mirroring } = spec
  const vlan = spec.vlan ?? overlay?.localnet?.tag ?? overlay?.role?.tag
  return {
    ...{
      network: name,
      id: id ?? null,
      owner,
      bridge,
      mode,
      vlan: vlan ?? null,
      tenant: tenant ?? null,
      vrf: vrf ?? null,
    },
    ...{ mtu: mtu ?? null, uplink: uplink ?? null, addressesFrom: source },
    subnets: subnets.map(({ cidr, gateway, range, aux }) => ({
      subnet: cidr.text,
      gateway: gateway?.text ?? null,
      range: range.text,
      aux: aux.map((one) => ({ name: one.name, address: one.ip.text })),
    })),
    routes: spec.routes.map(({ to, via }) => ({ to: to.text, via: via?.text ?? null })),
    vxlan: vxlan === undefined ? null : { remotes: vxlan.remotes.map(({ text }) => text), key: vxlan.key },
    overlay:
      overlay === undefined
        ? null
        : {
            ...{ switch: overlay.logicalSwitch, ...describeRouting(overlay) },
            ...{ dhcp: overlay.dhcp, dns: overlay.dns.map(({ text }) => text) },
          },
    mirror: mirroring ?? null,
  }
}

type Routing = Omit<NonNullable<NetworkResult['overlay']>, 'switch' | 'dhcp' | 'dns'>

function describeRouting({ localnet, router, transit, role }: Overlay): Routing {
  const outside = role?.outside ?? []
  return {
    physnet: localnet?.physnet ?? role?.physnet ?? null,
    router: router ?? role?.router ?? null,
    transitNetwork: transit ?? null,
    role: role === undefined ? null : 'transit',
    externalGateways: outside.map(({ gateway }) => gateway.text),
    externalAddresses: outside.map(({ address, prefix }) => `${address.text}/${String(prefix)}`),
  }
}
