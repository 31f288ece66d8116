import { persistRecordOf } from '../attach/persist.ts'
import type { Container } from '../docker/container.ts'
import type { Host } from '../host.ts'
import type { Cidr } from '../net/cidr.ts'
import type { Family, IpAddress } from '../net/ip-address.ts'
import { procNet, type ProcNet } from '../net/proc-net.ts'
import { addressIn, subnetsWithout } from '../network/addresses.ts'
import type { Network } from '../network/networks.ts'
import type { Desired, Wanted } from './desired.ts'
import type { OwnPort } from './own-ports.ts'

/** An interface that is wanted in a network. */
type InNetwork = Wanted & { readonly network: Network }

/**
 * What is wanted, with what a container has of its networks already: the addresses on its port, else those that the bridge
 * keeps for it; and gateways. With these it can be compared with what is there, like anything else that is wanted. An
 * address that is still missing is picked when the interface is attached. Errors: DatabaseUnreachable.
 */
export async function inNetworks(
  host: Host,
  container: Container,
  desired: readonly Desired[],
  own: readonly OwnPort[],
): Promise<readonly Desired[]> {
  if (!desired.some(isInNetwork)) return desired
  const placed = await Promise.all(
    desired.map(async (one) => (isInNetwork(one) ? await withAddresses(host, container, one, portOf(one, own)) : one)),
  )
  return withGateways(container, placed, own)
}

const isInNetwork = (one: Desired): one is InNetwork => one.refusal === undefined && one.network !== undefined

/** Whether the network is still to give an address. */
export const isOpen = (one: Desired): boolean =>
  isInNetwork(one) && subnetsWithout(one.network, one.request.addresses).length > 0

/** The port that the interface has in its network, of this life of the container or of an earlier one. */
const portOf = ({ iface, network }: InNetwork, own: readonly OwnPort[]): OwnPort | undefined =>
  own.find(
    ({ marks, where }) =>
      marks.iface === iface && marks.network === network.name && where.bridge.name === network.bridge,
  )

async function withAddresses(
  host: Host,
  { id }: Container,
  one: InNetwork,
  port: OwnPort | undefined,
): Promise<InNetwork> {
  const { iface, network, request } = one
  const record = persistRecordOf((await host.ovs.bridge(network.bridge))?.externalIds ?? {}, id, iface)
  const before = [
    ...(port?.marks.spec?.addresses ?? []),
    ...(record?.network === network.name ? record.spec.addresses : []),
  ]
  const kept = subnetsWithout(network, request.addresses).flatMap((subnet): readonly Cidr[] => {
    const address = addressIn(subnet, before)
    return address === undefined ? [] : [address]
  })
  return { ...one, kept, had: before, request: { ...request, addresses: [...request.addresses, ...kept] } }
}

/**
 * A default route through a network only where nothing else gives one of that IP version: the first of the container's
 * networks does. What its port was made with in this life stays, so that the answer is always the same.
 */
function withGateways(container: Container, desired: readonly Desired[], own: readonly OwnPort[]): readonly Desired[] {
  const gateways = new Map(desired.map((one) => [one, before(container, one, own)]))
  const given = new Set([...gateways.values()].flat().map(({ family }) => family))
  let inside: ProcNet | undefined
  return desired.map((one) => {
    const mine = gateways.get(one) ?? []
    if (!isInNetwork(one)) return one
    const open = gatewaysOf(one.network).filter(({ family }) => !given.has(family))
    if (open.length > 0) inside ??= procNet(container.pid)
    const present = familiesBesides(one.iface, inside?.routes ?? [])
    const missing = open.filter(({ family }) => !present.has(family))
    for (const { family } of missing) given.add(family)
    return { ...one, request: { ...one.request, gateways: [...mine, ...missing] } }
  })
}

const gatewaysOf = ({ spec: { subnets } }: Network): readonly IpAddress[] =>
  subnets.flatMap(({ gateway }) => gateway ?? [])

/** The gateways that are asked for, and those that the port of this life was made with and the network still has. */
function before({ generation }: Container, one: Desired, own: readonly OwnPort[]): readonly IpAddress[] {
  const asked = one.request?.gateways ?? []
  const marks = isInNetwork(one) ? portOf(one, own)?.marks : undefined
  if (!isInNetwork(one) || marks?.generation !== generation) return asked
  const had = new Set<unknown>(marks.spec?.gateways)
  const kept = gatewaysOf(one.network).filter(
    ({ text, family }) => had.has(text) && !asked.some((other) => other.family === family),
  )
  return [...asked, ...kept]
}

/** The IP versions of which a container has a default route through another interface than this one. */
function familiesBesides(iface: string, routes: Iterable<string>): ReadonlySet<Family> {
  const found = new Set<Family>()
  for (const route of routes) {
    const [to = '', , by] = route.split(' ')
    // The kernel's own entry for no route at all is one of the loopback.
    if (/^0+\/0$/.test(to) && by !== iface && by !== 'lo') found.add(to.length === '00000000/0'.length ? 4 : 6)
  }
  return found
}
