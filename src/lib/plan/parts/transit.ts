import { sharedNetwork } from '../../network/logical.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { memberOf, transitNamed, transitOf } from '../../network/transit.ts'
import { hostsOf, switchIds, type LogicalSwitch } from '../../ovn/nb/logical-switch.ts'
import { readMembers } from '../../ovn/nb/transit-members.ts'
import type { TransitNet } from '../../ovn/nb/transit-net.ts'
import { isJoinedUp, readTransit, type TransitSeen, type TransitWish } from '../../ovn/nb/transit.ts'
import { ovnOf, ovnOrNone, type OvnOfHost } from '../../ovn/of-host.ts'
import { transitSettle } from '../steps/transit-settle.ts'
import { transitMissing } from '../transit-missing.ts'
import type { NetworkPart } from './part.ts'
import { switchToMake } from './switch-to-make.ts'

/** What joins routers: the gateway router of a transit network, and the place of a network's router in one. */
export const transit: NetworkPart = {
  name: 'transit',

  isOf: ({ overlay }) => overlay?.role !== undefined || overlay?.transit !== undefined,

  /** Errors: TransitMissing, SubnetOverlaps, TransitSubnetMissing, PoolExhausted, those of the logical switch. */
  async make(host, spec) {
    const { ovn, shared, place } = await lookAt(await ovnOf(host), spec)
    if (place === undefined) {
      if (shared === undefined) throw transitMissing(spec.overlay?.transit ?? '')
      // It was there when the network was made; all else goes on without it.
      return []
    }
    if (isJoinedUp(place.seen, place.wish)) return []
    return [[transitSettle(ovn.northbound, { ...place, title: titleOf(spec, place) })]]
  },

  async missing(host, spec) {
    const { place } = await lookAt(await ovnOf(host), spec)
    if (place === undefined) return [`its transit network ${spec.overlay?.transit ?? ''}, which is gone`]
    if (isJoinedUp(place.seen, place.wish)) return []
    return [
      place.wish.member === undefined ? 'its gateway router' : `its place in the transit network ${place.net.name}`,
    ]
  },

  // What belongs to a network goes with its switch, in one transaction, when its last host leaves.
  async remove(host, spec) {
    const ovn = spec.overlay?.role === undefined ? undefined : await ovnOrNone(host)
    if (ovn === undefined) return []
    const { shared, place } = await lookAt(ovn, spec)
    if (place === undefined || shared === undefined) return []
    const next = hostsOf(shared).find((one) => one !== ovn.systemId)
    if (next === undefined) return []
    const wish: TransitWish = { chassis: next, leaving: ovn.systemId }
    const seen = await readTransit(ovn.northbound, place.net, wish)
    if (seen === undefined || isJoinedUp(seen, wish)) return []
    const title = `Give the gateway router ${place.net.router} to ${next}`
    return [[transitSettle(ovn.northbound, { net: place.net, wish, seen, title })]]
  },

  async users(host, spec) {
    const ovn = spec.overlay?.role === undefined ? undefined : await ovnOrNone(host)
    if (ovn === undefined) return []
    const { shared } = await lookAt(ovn, spec)
    if (shared === undefined || hostsOf(shared).some((one) => one !== ovn.systemId)) return []
    return readMembers(shared.externalIds).map(({ name, router }) => `the network ${name}, by its router ${router}`)
  },
}

const titleOf = ({ name }: NetworkSpec, { net, wish }: Place): string =>
  wish.member === undefined
    ? `Set up the gateway router ${net.router} of the transit network ${name}`
    : `Join the router ${wish.member.router} to the transit network ${net.name}`

interface Place {
  readonly net: TransitNet
  readonly wish: TransitWish
  readonly seen: TransitSeen
}

interface Look {
  readonly ovn: OvnOfHost
  /** The switch of the network; undefined as long as there is none. */
  readonly shared: LogicalSwitch | undefined
  /** Undefined when there is no such transit network. */
  readonly place: Place | undefined
}

async function lookAt(ovn: OvnOfHost, spec: NetworkSpec): Promise<Look> {
  const nb = ovn.northbound
  const found = await sharedNetwork(nb, spec.name, spec.overlay?.logicalSwitch ?? '')
  const shared = found !== undefined && found.id === spec.id ? found.ls : undefined
  const toMake = switchToMake(spec, ovn.systemId)
  const own = transitOf(spec, shared?.uuid ?? toMake.uuid)
  const net = own ?? (await transitNamed(nb, spec.overlay?.transit ?? ''))
  if (net === undefined) return { ovn, shared, place: undefined }
  const wish: TransitWish = own === undefined ? { member: memberOf(spec) } : { chassis: ovn.systemId }
  // As it is once it has been made.
  const expected = { ...toMake, externalIds: switchIds(toMake), otherConfig: {} }
  const seen = await readTransit(nb, net, wish, own !== undefined && shared === undefined ? expected : undefined)
  return { ovn, shared, place: seen && { net, wish, seen } }
}
