// Transit networks, as the hosts of OVN share them.
import type { Northbound } from '../ovn/change.ts'
import { NETWORK_MARK, RECORD_MARK, switchesMarked } from '../ovn/nb/logical-switch.ts'
import { poolOf } from '../ovn/nb/pools.ts'
import { TRANSIT_MARK, type Member } from '../ovn/nb/transit-members.ts'
import type { TransitNet } from '../ovn/nb/transit-net.ts'
import { readRecord } from './record-text.ts'
import { parseNetworkSpec, type NetworkSpec } from './spec.ts'

/** The transit network that this network is; `ls` is the UUID of its switch. Undefined for others. */
export function transitOf({ id = '', subnets, overlay }: NetworkSpec, ls: string): TransitNet | undefined {
  if (overlay?.role === undefined) return undefined
  const { name, router, outside, physnet, tag } = overlay.role
  return {
    ...{ ls, id, name, router, outside, switchName: overlay.logicalSwitch },
    subnets: subnets.flatMap((subnet) => {
      const { cidr, gateway: inner } = subnet
      return inner === undefined ? [] : [{ cidr, inner, pool: poolOf(subnet) }]
    }),
    localnet: outside.length === 0 || physnet === undefined ? undefined : { physnet, tag },
  }
}

/** The transit network of that name in this cloud. Errors: DatabaseUnreachable, DatabaseRefused, BadInput (its record is damaged). */
export async function transitNamed(nb: Northbound, name: string): Promise<TransitNet | undefined> {
  const [ls] = await switchesMarked(nb, { [TRANSIT_MARK]: name })
  const id = ls?.externalIds[NETWORK_MARK]
  const words = ls && readRecord(ls.externalIds[RECORD_MARK] ?? '')
  return words === undefined || id === undefined || ls === undefined
    ? undefined
    : transitOf(parseNetworkSpec({ ...words, name, id }), ls.uuid)
}

/** What a network is to the transit network that it names. */
export const memberOf = ({ id = '', name, subnets, overlay }: NetworkSpec): Member => ({
  ...{ id, name, router: overlay?.router ?? '' },
  subnets: subnets.map(({ cidr }) => cidr.text),
})
