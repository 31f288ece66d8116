import { labelsOf, type Labels } from './labels.ts'

/** A network of the engine. */
export interface DockerNetwork {
  readonly id: string
  readonly name: string
  /** "bridge", "macvlan", "null" … */
  readonly driver: string
  readonly labels: Labels
  /** Its subnets, of both IP versions; those of "host" and "none" are none. */
  readonly pools: readonly AddressPool[]
}

/** A subnet of a network, in the engine's words; '' for what it does not say. */
export interface AddressPool {
  readonly subnet: string
  readonly gateway: string
  /** Addresses that are kept for something else. */
  readonly kept: readonly string[]
}

/** A container of a network, a stopped one too. */
export interface NetworkMember {
  readonly id: string
  readonly name: string
  /** The IPv4 address that was asked for it, and the one that it has now; '' for none. */
  readonly asked: string
  readonly address: string
  /** Id of its endpoint in the network; '' while it does not run. */
  readonly endpoint: string
  /** Its MAC there, and its addresses of both IP versions with their prefix lengths; '' and none while it does not run. */
  readonly mac: string
  readonly addresses: readonly string[]
}

/** The part of a row of GET /networks that is read. */
export interface NetworkRow {
  readonly Id: string
  readonly Name: string
  readonly Driver: string
  readonly Labels?: unknown
  readonly IPAM?: { readonly Config?: readonly PoolAnswer[] | null } | null
}

interface PoolAnswer {
  readonly Subnet?: string
  readonly Gateway?: string
  readonly AuxiliaryAddresses?: unknown
}

/** Whether a value is an answer to GET /networks. */
export const isNetworkList = (value: unknown): value is readonly NetworkRow[] =>
  Array.isArray(value) && value.every(isNetwork)

const isNetwork = (value: unknown): value is NetworkRow => {
  const { Id, Name, Driver } = (value ?? {}) as Partial<NetworkRow>
  return typeof Id === 'string' && typeof Name === 'string' && typeof Driver === 'string'
}

/** The network of a row. */
export const networkOf = ({ Id, Name, Driver, Labels, IPAM }: NetworkRow): DockerNetwork => ({
  ...{ id: Id, name: Name, driver: Driver, labels: labelsOf(Labels) },
  pools: (IPAM?.Config ?? []).map(({ Subnet = '', Gateway = '', AuxiliaryAddresses }) => ({
    ...{ subnet: Subnet, gateway: Gateway },
    // A map of the same form as labels.
    kept: Object.values(labelsOf(AuxiliaryAddresses)),
  })),
})

/** The part of a row of GET /containers/json that says where the container is. */
export interface MemberRow {
  readonly Id: string
  readonly Names: readonly string[]
  readonly NetworkSettings?: { readonly Networks?: Readonly<Record<string, MemberAnswer | null>> | null } | null
}

interface MemberAnswer {
  readonly NetworkID?: string
  readonly EndpointID?: string
  readonly IPAddress?: string
  readonly IPPrefixLen?: number
  readonly GlobalIPv6Address?: string
  readonly GlobalIPv6PrefixLen?: number
  readonly Gateway?: string
  readonly IPv6Gateway?: string
  readonly MacAddress?: string
  readonly IPAMConfig?: { readonly IPv4Address?: string } | null
}

/** Where a container is: ids of a network, and of its endpoint there, '' while it does not run. */
export interface Place {
  readonly network: string
  readonly endpoint: string
}

/** The part of GET /containers/ID/json that says where the container is. */
export type PlacesAnswer = Pick<MemberRow, 'NetworkSettings'>

/** Whether a value is such an answer. */
export const isPlacesAnswer = (value: unknown): value is PlacesAnswer =>
  value !== null && typeof value === 'object' && 'NetworkSettings' in value

/** The networks of a container that was described so. */
export const placesOf = ({ NetworkSettings }: PlacesAnswer): readonly Place[] =>
  Object.values(NetworkSettings?.Networks ?? {}).map((one) => ({
    ...{ network: one?.NetworkID ?? '', endpoint: one?.EndpointID ?? '' },
  }))

/** The gateways that a container has in one of its networks, of both IP versions; none where nothing leads out, or it is not known. */
export interface WayOut {
  /** Name of the network. */
  readonly network: string
  /** Id of the container's endpoint there. */
  readonly endpoint: string
  readonly gateways: readonly string[]
}

/** The ways out of a container that was described so, in the order in which Docker prefers them: by the names of the networks. */
export const waysOutOf = ({ NetworkSettings }: PlacesAnswer): readonly WayOut[] =>
  Object.entries(NetworkSettings?.Networks ?? {})
    .map(([network, one]) => ({
      ...{ network, endpoint: one?.EndpointID ?? '' },
      gateways: [one?.Gateway ?? '', one?.IPv6Gateway ?? ''].filter((text) => text !== ''),
    }))
    .sort((a, b) => (a.network < b.network ? -1 : 1))

/** Whether a value is a list of containers with their names. */
export const isMemberList = (value: unknown): value is readonly MemberRow[] =>
  Array.isArray(value) &&
  value.every((row: Partial<MemberRow> | null) => typeof row?.Id === 'string' && Array.isArray(row.Names))

/** The container of a row, as one of the network with that id. */
export function memberOf({ Id, Names, NetworkSettings }: MemberRow, network: string): NetworkMember {
  const all = Object.values(NetworkSettings?.Networks ?? {})
  const here = all.find((one) => one?.NetworkID === network)
  const { IPAddress = '', IPPrefixLen = 0, GlobalIPv6Address = '', GlobalIPv6PrefixLen = 0 } = here ?? {}
  const addresses = [
    [IPAddress, IPPrefixLen],
    [GlobalIPv6Address, GlobalIPv6PrefixLen],
  ] as const
  return {
    ...{ id: Id, name: (Names[0] ?? '').replace(/^\//, '') },
    asked: here?.IPAMConfig?.IPv4Address ?? '',
    address: IPAddress,
    endpoint: here?.EndpointID ?? '',
    mac: here?.MacAddress ?? '',
    addresses: addresses.flatMap(([text, length]) => (text === '' ? [] : [`${text}/${String(length)}`])),
  }
}
