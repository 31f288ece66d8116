import { BadInput } from '../errors.ts'
import { contains, isNotAHost, parseNetwork, type Cidr } from '../net/cidr.ts'
import { ipOfBits, parseIp, width, type Family, type IpAddress } from '../net/ip-address.ts'
import { parseNetworkName } from './name.ts'
import type { NetworkWordName, NetworkWords } from './words.ts'

/** The addresses of a network, of one IP version. */
export interface Subnet {
  readonly cidr: Cidr
  /** Default route of the containers. */
  readonly gateway: IpAddress | undefined
  /** What addresses are given out from; the subnet itself unless it was narrowed. */
  readonly range: Cidr
  /** Addresses that are never given out, with what they are for. */
  readonly aux: readonly { readonly name: string; readonly ip: IpAddress }[]
}

const GOOD: Readonly<Record<Family, string>> = { 4: '10.0.0.0/24', 6: 'fd00::/64' }

/** Checks subnets and what belongs to them. Error: BadInput. */
export function parseSubnets(words: NetworkWords, nameOf: NetworkWordName): readonly Subnet[] {
  const cidrs = onePerFamily(words.subnet ?? [], nameOf('subnet'), (text) => parseSubnet(text, nameOf('subnet')))
  const gateways = onePerFamily(words.gateway ?? [], nameOf('gateway'), (text) =>
    hostOf(cidrs, text, nameOf('gateway')),
  )
  const ranges = onePerFamily(words.ipRange ?? [], nameOf('ipRange'), (text) => rangeOf(cidrs, text, nameOf('ipRange')))
  const aux = (words.auxAddress ?? []).map((text) => parseAux(cidrs, text, nameOf('auxAddress')))
  refuseTwice([...gateways.values(), ...aux.map(({ ip }) => ip)], nameOf('auxAddress'))
  return [...cidrs].map(([family, cidr]) => ({
    cidr,
    gateway: gateways.get(family),
    range: ranges.get(family) ?? cidr,
    aux: aux.filter(({ ip }) => ip.family === family),
  }))
}

/**
 * The same with a gateway each: the first address of the subnet where none was named, as Docker has it. Error: BadInput,
 * when that one is kept for something else.
 */
export function withFirstGateways(subnets: readonly Subnet[], field: string): readonly Subnet[] {
  return subnets.map((subnet) => {
    const { cidr, gateway, aux } = subnet
    if (gateway !== undefined) return subnet
    const first = firstHost(cidr)
    const other = aux.find(({ ip }) => ip.text === first.text)
    if (other !== undefined)
      throw new BadInput(field, `${first.text} would be the gateway, and is kept for something else.`, '10.0.0.254')
    return { ...subnet, gateway: first }
  })
}

/**
 * The same, with the first address of each subnet kept for a logical router, as Docker keeps it for a gateway: a network gets its
 * router later, and DHCP answers come from there.
 */
export function withFirstKept(subnets: readonly Subnet[]): readonly Subnet[] {
  return subnets.map((subnet) => {
    const { cidr, gateway, aux } = subnet
    const first = firstHost(cidr)
    return gateway !== undefined || aux.some(({ ip }) => ip.text === first.text)
      ? subnet
      : { ...subnet, aux: [...aux, { name: 'router', ip: first }] }
  })
}

/** Values by IP version. Error: BadInput, for a second one of a version. */
export function onePerFamily<T extends Cidr | IpAddress>(
  texts: readonly string[],
  field: string,
  parse: (text: string) => T,
): ReadonlyMap<Family, T> {
  const found = new Map<Family, T>()
  for (const text of texts) {
    const value = parse(text)
    const { family } = 'ip' in value ? value.ip : value
    if (found.has(family))
      throw new BadInput(field, `${text} is a second one for IPv${String(family)}.`, found.get(family)?.text ?? '')
    found.set(family, value)
  }
  return found
}

/** A subnet has room for two hosts at least. */
function parseSubnet(text: string, field: string): Cidr {
  const cidr = parseNetwork(text, field)
  const { ip, prefix } = cidr
  if (prefix < 8 || prefix > width(ip.family) - 1)
    throw new BadInput(
      field,
      `${text} is no size for a network: its prefix is from 8 to ${String(width(ip.family) - 1)}.`,
      GOOD[ip.family],
    )
  const first = Number(ip.bits >> BigInt(width(ip.family) - 8))
  if (ip.family === 4 ? first === 0 || first === 127 || first >= 224 : first === 0xff || first === 0)
    throw new BadInput(field, `${text} is no network that hosts can have addresses of.`, GOOD[ip.family])
  // Hosts give themselves such addresses, on every link the same (RFC 3927, RFC 4291); 169.254.169.254 is that of metadata.
  const linkLocal = ip.family === 4 ? ip.bits >> 16n === 0xa9fen : ip.bits >> 118n === 0x3fan
  if (linkLocal) throw new BadInput(field, `${text} is for link-local addresses.`, GOOD[ip.family])
  return cidr
}

const subnetWith = (cidrs: ReadonlyMap<Family, Cidr>, ip: IpAddress): Cidr | undefined => {
  const cidr = cidrs.get(ip.family)
  return cidr !== undefined && contains(cidr, ip) ? cidr : undefined
}

function hostOf(cidrs: ReadonlyMap<Family, Cidr>, text: string, field: string): IpAddress {
  const good =
    [...cidrs.values()].map((cidr) => firstHost(cidr).text).join(' or ') || '10.0.0.1, with --subnet 10.0.0.0/24'
  const ip = parseIp(text, field, good)
  const cidr = subnetWith(cidrs, ip)
  if (cidr === undefined) throw new BadInput(field, `${text} is in no subnet of the network.`, good)
  if (isNotAHost(cidr, ip) || (ip.bits === cidr.ip.bits && cidr.prefix < width(ip.family) - 1))
    throw new BadInput(field, `${text} is no host's address in ${cidr.text}.`, firstHost(cidr).text)
  return ip
}

/** The address after the network's own. */
export const firstHost = ({ ip, prefix }: Cidr): IpAddress =>
  ipOfBits(ip.family, prefix === width(ip.family) - 1 ? ip.bits : ip.bits + 1n)

function rangeOf(cidrs: ReadonlyMap<Family, Cidr>, text: string, field: string): Cidr {
  const range = parseNetwork(text, field)
  const cidr = subnetWith(cidrs, range.ip)
  if (cidr === undefined || range.prefix < cidr.prefix)
    throw new BadInput(
      field,
      `${text} is not a part of a subnet of the network.`,
      cidrs.get(range.ip.family)?.text ?? GOOD[range.ip.family],
    )
  return range
}

function parseAux(cidrs: ReadonlyMap<Family, Cidr>, text: string, field: string): { name: string; ip: IpAddress } {
  const at = text.indexOf('=')
  const name = at < 0 ? '' : parseNetworkName(text.slice(0, at), field, 'printer=10.0.0.9')
  return { name, ip: hostOf(cidrs, text.slice(at + 1), field) }
}

function refuseTwice(ips: readonly IpAddress[], field: string): void {
  const seen = new Set<string>()
  for (const { text } of ips) {
    if (seen.has(text)) throw new BadInput(field, `${text} is given twice.`, 'printer=10.0.0.9')
    seen.add(text)
  }
}
