// What Docker says with calls about addresses (moby, daemon/libnetwork/ipams/remote/api), as far as it is used.
import { BadCall } from '../bad-call.ts'
import { fieldsIn, isOn, textIn, type Fields } from '../fields.ts'

export interface PoolRequest {
  /** `docker network create --subnet`; '' when the driver is to choose. */
  readonly subnet: string
  /** `--ip-range`; '' for the whole subnet. */
  readonly range: string
  readonly isIpv6: boolean
  /** `--ipam-opt`. */
  readonly options: Fields
}

export interface AddressRequest {
  readonly pool: string
  /** '' when the driver is to choose. */
  readonly address: string
  /** Whether it is for the gateway of a network that is being made. */
  readonly isGateway: boolean
}

/** Error of each: BadCall. */
export const poolRequest = (body: Fields): PoolRequest => ({
  ...{ subnet: textIn(body, 'Pool'), range: textIn(body, 'SubPool'), isIpv6: isOn(body['V6']) },
  options: fieldsIn(body, 'Options'),
})

export function poolIdIn(body: Fields): string {
  const id = textIn(body, 'PoolID')
  if (id === '') throw new BadCall(400, 'PoolID is missing')
  return id
}

export const addressRequest = (body: Fields): AddressRequest => ({
  ...{ pool: poolIdIn(body), address: textIn(body, 'Address').replace(/\/.*/s, '') },
  isGateway: fieldsIn(body, 'Options')['RequestAddressType'] === 'com.docker.network.gateway',
})
