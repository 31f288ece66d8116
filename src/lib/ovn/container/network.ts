import type { DockerNetwork, NetworkMember } from '../../docker/networks.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Cidr } from '../../net/cidr.ts'
import { addressIn, freeSubnet, ipv4Network } from './subnet.ts'

/** The network that central is in, or will be. */
export interface CentralNetwork {
  readonly name: string
  readonly subnet: Cidr
  /** Central's address. */
  readonly address: string
  /** Whether it is there already. */
  readonly exists: boolean
}

/**
 * The network with a name, as it is, or as it is to be made; `container` is the id of central's container.
 * Errors: CentralNetworkUnusable, CentralNoSubnet, DockerUnreachable, DockerRefused.
 */
export async function centralNetwork(host: Host, name: string, container: string | undefined): Promise<CentralNetwork> {
  const all = await host.docker.networks()
  const [network, second] = all.filter((one) => one.name === name)
  if (network === undefined) return place(name, await freeSubnet(host, all), false)
  if (second !== undefined) throw unusable(name, 'there are two of that name')
  const subnet = subnetOf(network)
  const members = await host.docker.membersOf(network.id)
  const found = place(name, subnet, true)
  const why = takenBy(network, members, found.address, container)
  if (why !== undefined) throw unusable(name, `${found.address}, which central would have, is ${why}`)
  return found
}

function place(name: string, subnet: Cidr, exists: boolean): CentralNetwork {
  const address = addressIn(subnet)
  if (address === undefined) throw unusable(name, `its subnet ${subnet.text} has no fifth address`)
  return { name, subnet, address: address.text, exists }
}

function subnetOf({ name, driver, pools }: DockerNetwork): Cidr {
  if (driver !== 'bridge') throw unusable(name, `its driver is ${driver}, and not bridge`)
  const [subnet] = pools.flatMap((pool) => ipv4Network(pool.subnet) ?? [])
  if (subnet === undefined) throw unusable(name, 'it has no IPv4 subnet')
  return subnet
}

function takenBy(
  { pools }: DockerNetwork,
  members: readonly NetworkMember[],
  address: string,
  container: string | undefined,
): string | undefined {
  if (pools.some(({ gateway }) => gateway === address)) return 'its gateway'
  if (pools.some(({ kept }) => kept.includes(address))) return 'kept for something else'
  // One that is stopped has an address only if it asked for it, and asks again when it starts.
  const holder = members.find((one) => one.id !== container && [one.asked, one.address].includes(address))
  return holder === undefined ? undefined : `the address of the container ${holder.name}`
}

const unusable = (name: string, why: string): Refused =>
  new Refused('CentralNetworkUnusable', `The Docker network ${name} cannot be that of OVN's central: ${why}.`, {
    next: 'Name another one; one that is not there will be made.',
  })
