// A network with the role of transit: it joins routers, and its gateway router leads them to what is outside.
import { BadInput } from '../errors.ts'
import { contains, isNotAHost, parseHostCidr, type Cidr } from '../net/cidr.ts'
import { ipOfBits, parseIp, refuseSpecial, width, type IpAddress } from '../net/ip-address.ts'
import { parseTag } from '../net/vlan.ts'
import { parsePhysnet } from './physnet.ts'
import { firstHost, onePerFamily, parseSubnets, type Subnet } from './subnet.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** The subnet of a transit network that nobody gives one, as in ovs-container-network. */
export const TRANSIT_SUBNET = '192.168.100.0/24'

/** The way out of a transit network, of one IP version. */
export interface Outside {
  /** The router outside. */
  readonly gateway: IpAddress
  /** What the gateway router has there, and what everything that leaves by it is translated to. */
  readonly address: IpAddress
  /** Length of the prefix there; that of a single address where the subnet outside is that of the transit network. */
  readonly prefix: number
}

/** What a transit network has that others have not. */
export interface TransitRole {
  /** What the networks that are joined to it call it, on every host. */
  readonly name: string
  /** Name of its gateway router. */
  readonly router: string
  /** Where it leads to: nowhere, when there is no way out. Undefined with one: what this host maps. */
  readonly physnet: string | undefined
  /** VLAN there; untagged when left out. */
  readonly tag: number | undefined
  /** At most one for each IP version. */
  readonly outside: readonly Outside[]
}

/** The words of a network that is a transit network, with what goes without saying; others as they are. */
export function withTransitWords(words: NetworkWords): NetworkWords {
  if (words.role !== 'transit') return words
  const { name, switch: ls = `ls-${name}`, subnet = [] } = words
  return { ...words, switch: ls, subnet: subnet.length === 0 ? [TRANSIT_SUBNET] : subnet }
}

/** Checks the words of a transit network; `logicalSwitch` is the name of its switch. Error: BadInput. */
export function parseTransitRole(words: NetworkWords, logicalSwitch: string, nameOf: NetworkWordName): TransitRole {
  if (words.transitNetwork !== undefined)
    throw new BadInput(nameOf('transitNetwork'), 'this is a transit network itself: leave it out.', 'none')
  const outside = parseOutside(words, nameOf)
  const { physnet, vlan, router } = words
  const needsGateway = physnet !== undefined ? 'physnet' : vlan !== undefined ? 'vlan' : undefined
  if (outside.length === 0 && needsGateway !== undefined)
    throw new BadInput(
      nameOf('externalGateway'),
      `with ${nameOf(needsGateway)} a transit network leads to a router outside, whose address is needed.`,
      '192.0.2.1',
    )
  return {
    // What Docker calls a network it tells nobody who makes it, and every host has an id of its own for it.
    name: words.owner === 'plugin' ? withoutPrefix(logicalSwitch) : words.name,
    router: router ?? gatewayName(logicalSwitch),
    physnet: physnet === undefined ? undefined : parsePhysnet(physnet, nameOf('physnet')),
    tag: vlan === undefined ? undefined : parseTag(vlan, nameOf('vlan')),
    outside,
  }
}

const withoutPrefix = (logicalSwitch: string): string => logicalSwitch.replace(/^ls-/, '')

/** That of ovs-container-network for the network that its documents make; several need several. */
function gatewayName(logicalSwitch: string): string {
  const name = withoutPrefix(logicalSwitch)
  return name === 'transit-net' ? 'lr-gateway' : `lr-gateway-${name}`
}

function parseOutside(words: NetworkWords, nameOf: NetworkWordName): readonly Outside[] {
  const field = nameOf('externalGateway')
  const subnets = parseSubnets(words, nameOf)
  const gateways = onePerFamily(words.externalGateway ?? [], field, (text) => {
    const ip = parseIp(text, field, '192.0.2.1')
    refuseSpecial(ip, field)
    return ip
  })
  const addresses = onePerFamily(words.externalAddress ?? [], nameOf('externalAddress'), (text) =>
    parseHostCidr(text, nameOf('externalAddress')),
  )
  for (const [family, { text }] of addresses)
    if (!gateways.has(family))
      throw new BadInput(field, `${text} needs a router outside, of IPv${String(family)}.`, '192.0.2.1')
  return [...gateways].map(([family, gateway]) => {
    const subnet = subnets.find(({ cidr }) => cidr.ip.family === family)
    if (subnet === undefined)
      throw new BadInput(
        nameOf('subnet'),
        `${gateway.text} is of IPv${String(family)}, and the network has no such subnet.`,
        family === 4 ? TRANSIT_SUBNET : 'fd00:100::/64',
      )
    const address = addresses.get(family)
    return contains(subnet.cidr, gateway)
      ? insideOf(subnet, gateway, address, nameOf)
      : besides(subnet, gateway, address, nameOf)
  })
}

/**
 * The subnet outside is that of the transit network. Of it the router's port has its own address alone, and a route to the
 * gateway: what the others of the transit network have is inside.
 */
function insideOf(subnet: Subnet, gateway: IpAddress, asked: Cidr | undefined, nameOf: NetworkWordName): Outside {
  const prefix = width(gateway.family)
  if (asked === undefined) return { gateway, prefix, address: free(subnet, [gateway, innerOf(subnet, [gateway])]) }
  const { ip: address } = asked
  const others = [gateway, ...(subnet.gateway === undefined ? [] : [subnet.gateway])]
  if (!contains(subnet.cidr, address) || others.some(({ text }) => text === address.text))
    throw new BadInput(
      nameOf('externalAddress'),
      `${address.text} is not to be had beside ${gateway.text} in ${subnet.cidr.text}.`,
      free(subnet, others).text,
    )
  return { gateway, address, prefix }
}

function besides({ cidr }: Subnet, gateway: IpAddress, asked: Cidr | undefined, nameOf: NetworkWordName): Outside {
  const field = nameOf('externalAddress')
  const good = '192.0.2.9/24, with the gateway in it'
  if (asked === undefined)
    throw new BadInput(field, `${gateway.text} is in no subnet of the network, so an address there is needed.`, good)
  const { ip: address, prefix, text } = asked
  if (!contains(asked, gateway) || address.text === gateway.text)
    throw new BadInput(field, `with ${text} the router could not reach ${gateway.text}.`, good)
  if (contains(asked, cidr.ip) || contains(cidr, address))
    throw new BadInput(field, `${text} and ${cidr.text}, the subnet of the transit network, overlap.`, good)
  return { gateway, address, prefix }
}

/** What the gateway router has inside: what was asked for as the gateway, or the first that is free. */
const innerOf = (subnet: Subnet, taken: readonly IpAddress[]): IpAddress => subnet.gateway ?? free(subnet, taken)

function free({ cidr, gateway, aux }: Subnet, taken: readonly IpAddress[]): IpAddress {
  const kept = new Set([gateway, ...aux.map(({ ip }) => ip), ...taken].map((ip) => ip?.text))
  let ip = firstHost(cidr)
  while (kept.has(ip.text)) ip = ipOfBits(ip.family, ip.bits + 1n)
  if (contains(cidr, ip) && !isNotAHost(cidr, ip)) return ip
  throw new BadInput('subnet', `${cidr.text} has no address left for a gateway router.`, TRANSIT_SUBNET)
}

/** The subnets of a transit network: the gateway router has the gateways, and what is outside is given to nobody inside. */
export function transitSubnets(subnets: readonly Subnet[], { outside }: TransitRole): readonly Subnet[] {
  return subnets.map((subnet) => {
    const there = outside.filter(({ gateway }) => contains(subnet.cidr, gateway))
    const aux = there.flatMap(({ gateway, address }) => [
      { name: 'external-gateway', ip: gateway },
      { name: 'external-address', ip: address },
    ])
    const gateway = innerOf(
      subnet,
      aux.map(({ ip }) => ip),
    )
    return { ...subnet, gateway, aux: [...subnet.aux, ...aux] }
  })
}
