// What Docker says with each call (moby, daemon/libnetwork/drivers/remote/api), as far as it is used. Its values are checked
// where they are used: here only their form is.
import type { PortWish } from '../plan/host-ports.ts'
import { fieldsIn, idIn, isOn, listIn, textIn, type Fields } from './fields.ts'
import { portText, portWish } from './port-wish.ts'

/** The addresses of a network, of one IP version, as Docker's address management has them. */
export interface PoolData {
  /** The subnet; 0.0.0.0/0 from an address management that gives none. */
  readonly pool: string
  /** With prefix length; '' for none. */
  readonly gateway: string
  /** Addresses that are kept, with prefix lengths, by their names. */
  readonly aux: Readonly<Record<string, string>>
}

export interface CreateNetworkRequest {
  readonly network: string
  /** `docker network create --opt`. */
  readonly options: Fields
  /** `docker network create --internal`. */
  readonly isInternal: boolean
  /** Of both IP versions. */
  readonly pools: readonly PoolData[]
}

/** One endpoint of one network. */
export interface EndpointName {
  readonly network: string
  readonly endpoint: string
}

export interface CreateEndpointRequest extends EndpointName {
  /** With prefix lengths; at most one of each IP version. */
  readonly addresses: readonly string[]
  /** '' when the driver is to choose. */
  readonly mac: string
}

export interface JoinRequest extends EndpointName {
  /** Ports of the container that are to be published in one of its networks, not necessarily in this one: "80/tcp". */
  readonly ports: readonly string[]
}

export interface ExternalRequest extends EndpointName {
  /** Ports of the container that are to be published (`docker run -p`). */
  readonly ports: readonly PortWish[]
}

/** Keys of Docker's own options (moby, daemon/libnetwork/netlabel). */
const GENERIC = 'com.docker.network.generic'
const INTERNAL = 'com.docker.network.internal'
const PORTS = 'com.docker.network.portmap'

/** Error of each: BadCall. */
export function createNetworkRequest(body: Fields): CreateNetworkRequest {
  const options = fieldsIn(body, 'Options')
  return {
    network: idIn(body, 'NetworkID'),
    options: fieldsIn(options, GENERIC),
    isInternal: isInternal(body),
    pools: [...listIn(body, 'IPv4Data'), ...listIn(body, 'IPv6Data')].map(poolData),
  }
}

/** Whether nothing is to lead out of a network that is made with the options of this call. */
export const isInternal = (body: Fields): boolean => isOn(fieldsIn(body, 'Options')[INTERNAL])

function poolData(data: Fields): PoolData {
  const aux = fieldsIn(data, 'AuxAddresses')
  return {
    ...{ pool: textIn(data, 'Pool'), gateway: textIn(data, 'Gateway') },
    aux: Object.fromEntries(Object.keys(aux).map((name) => [name, textIn(aux, name)])),
  }
}

export const endpointName = (body: Fields): EndpointName => ({
  network: idIn(body, 'NetworkID'),
  endpoint: idIn(body, 'EndpointID'),
})

export function createEndpointRequest(body: Fields): CreateEndpointRequest {
  const wish = fieldsIn(body, 'Interface')
  return {
    ...endpointName(body),
    addresses: [textIn(wish, 'Address'), textIn(wish, 'AddressIPv6')].filter((text) => text !== ''),
    mac: textIn(wish, 'MacAddress'),
  }
}

export const joinRequest = (body: Fields): JoinRequest => ({
  ...endpointName(body),
  ports: [...new Set(listIn(fieldsIn(body, 'Options'), PORTS).map(portText))],
})

export const externalRequest = (body: Fields): ExternalRequest => ({
  ...endpointName(body),
  ports: listIn(fieldsIn(body, 'Options'), PORTS).map(portWish),
})
