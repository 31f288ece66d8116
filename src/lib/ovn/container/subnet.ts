import type { DockerNetwork } from '../../docker/networks.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { contains, isNotAHost, parseNetwork, type Cidr } from '../../net/cidr.ts'
import { ipOfBits, type IpAddress } from '../../net/ip-address.ts'

/** The subnets that are tried for central's network, in this order: what users of its predecessor know. */
export const CANDIDATES = ['172.30.0.0/24', '172.31.0.0/24', '192.168.200.0/24', '192.168.201.0/24'].map((text) =>
  parseNetwork(text, 'subnet'),
)

/** Where central is in a subnet: always the fifth address. Undefined where no host can have that. */
export function addressIn(subnet: Cidr): IpAddress | undefined {
  const address = ipOfBits(subnet.ip.family, subnet.ip.bits + 5n)
  return contains(subnet, address) && !isNotAHost(subnet, address) ? address : undefined
}

/** The first address, which is the host's own in the network. */
export const gatewayIn = ({ ip }: Cidr): IpAddress => ipOfBits(ip.family, ip.bits + 1n)

/**
 * The upper half, from which Docker gives addresses to containers that ask for none: while central does not run, nobody
 * else can be given its address.
 */
export function rangeIn({ ip, prefix }: Cidr): string {
  const half = 1n << BigInt(31 - prefix)
  return `${ipOfBits(ip.family, ip.bits + half).text}/${String(prefix + 1)}`
}

interface IpRoute {
  readonly dst: string
  readonly type?: string
}

/**
 * The first candidate that neither a network of Docker nor a route or an address of the host has a part of.
 * Error: CentralNoSubnet.
 */
export async function freeSubnet(host: Host, networks: readonly DockerNetwork[]): Promise<Cidr> {
  const taken: string[] = []
  for (const subnet of CANDIDATES) {
    const by = takenByDocker(subnet, networks) ?? (await takenByHost(host, subnet))
    if (by === undefined) return subnet
    taken.push(`${subnet.text}: ${by}`)
  }
  throw new Refused('CentralNoSubnet', `Every subnet for the network of OVN's central is taken. ${taken.join('; ')}.`, {
    next: 'Make the network yourself, and name it: docker network create --subnet 10.200.0.0/24 --gateway 10.200.0.1 --ip-range 10.200.0.128/25 NAME',
  })
}

function takenByDocker(subnet: Cidr, networks: readonly DockerNetwork[]): string | undefined {
  const taker = networks.find(({ pools }) => pools.some((pool) => overlaps(subnet, pool.subnet)))
  return taker === undefined ? undefined : `the Docker network ${taker.name}`
}

/** Whether a subnet, as others write it, has a part of this one. */
function overlaps(subnet: Cidr, text: string): boolean {
  const other = ipv4Network(text)
  return other !== undefined && (contains(subnet, other.ip) || contains(other, subnet.ip))
}

/** The IPv4 network of a text; undefined for another IP version, or none. */
export function ipv4Network(text: string): Cidr | undefined {
  return /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(text) ? parseNetwork(text, 'subnet') : undefined
}

async function takenByHost({ run }: Host, subnet: Cidr): Promise<string | undefined> {
  // Those within the subnet, and those that it is within: of a million the tool itself picks them out.
  const ask = async (relation: string): Promise<readonly IpRoute[]> => {
    const args = ['-json', '-4', 'route', 'show', 'table', 'all', relation, subnet.text]
    const { stdout } = await run({ tool: 'ip', args })
    return JSON.parse(stdout.trim() === '' ? '[]' : stdout) as readonly IpRoute[]
  }
  const found = (await Promise.all([ask('root'), ask('match')])).flat()
  const route = found.find(({ dst, type }) => dst !== 'default' && type !== 'broadcast' && type !== 'multicast')
  if (route === undefined) return undefined
  return route.type === 'local' ? `this host has the address ${route.dst}` : `this host has a route to ${route.dst}`
}
