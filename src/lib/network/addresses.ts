import { addressMark, readMarks, type Spec } from '../attach/marks.ts'
import { segment } from '../attach/taken.ts'
import { readPersistRecords } from '../attach/persist.ts'
import { BadInput, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { contains, isNotAHost, parseHostCidr, type Cidr } from '../net/cidr.ts'
import { parseIp, type IpAddress } from '../net/ip-address.ts'
import { vlanOfColumns } from '../net/vlan.ts'
import { ownAddresses } from './host-addresses.ts'
import { portsOfNetwork, type Network } from './networks.ts'
import { pickAddress, type Used } from './pool.ts'
import type { Subnet } from './subnet.ts'

/** Who the addresses are for: what it had before, it gets again. */
export interface Taker {
  readonly id: string
  readonly iface: string
}

/**
 * The addresses, with prefix lengths, that an interface gets in a network: those asked for, those that it had, and from
 * each other subnet the lowest that is free. Call it under the host-wide lock and attach under the same. Errors: BadInput
 * (asked for what is not to be had), PoolExhausted.
 */
export async function addressesFor(
  host: Host,
  network: Network,
  taker: Taker,
  asked: readonly string[],
): Promise<readonly string[]> {
  const wanted = staticAddresses(network, asked, '--ip')
  const [held, own] = await Promise.all([heldAddresses(host, network, taker), ownAddresses(host, network.spec)])
  const ofHost = wanted.find(({ ip }) => own.includes(ip.text))
  if (ofHost !== undefined)
    throw new Refused('AddressInUse', `${ofHost.ip.text} is this host's own address in the network ${network.name}.`, {
      next: `Choose another one, or have one given: ovsd net connect ${network.name} CONTAINER`,
    })
  const chosen = [...wanted]
  for (const subnet of network.spec.subnets.filter((one) => !wanted.some(({ ip }) => contains(one.cidr, ip)))) {
    const before = addressIn(subnet, held.own)
    if (before !== undefined) chosen.push(before)
    else if (givesAddresses(network)) chosen.push(await freeAddress(host, network, subnet, held.others))
  }
  refuseNone(network, chosen, '--ip')
  return chosen.map(({ text }) => text)
}

/** Whether ovsd chooses addresses of a network, for whoever asks for none: in one of Docker's it does not know which are free. */
export const givesAddresses = ({ spec }: Network): boolean => spec.source === 'docker' && spec.owner === 'net'

/** The subnets of which an interface with these addresses still gets one. */
export const subnetsWithout = (network: Network, addresses: readonly Cidr[]): readonly Subnet[] =>
  givesAddresses(network)
    ? network.spec.subnets.filter(({ cidr }) => !addresses.some(({ ip }) => contains(cidr, ip)))
    : []

/**
 * The addresses that are asked for in a network, with or without the prefix length of their subnet; at most one of each IP
 * version. Error: BadInput.
 */
export function staticAddresses(network: Network, texts: readonly string[], field: string): readonly Cidr[] {
  const chosen = texts.map((text) => staticAddress(network, text, field))
  const twice = chosen.find(({ ip }, i) => chosen.findIndex((other) => other.ip.family === ip.family) !== i)
  if (twice !== undefined) throw new BadInput(field, 'a network gives one address for each IP version.', '10.0.0.9')
  return chosen
}

function staticAddress({ name, spec: { subnets } }: Network, text: string, field: string): Cidr {
  const [address = '', ...rest] = text.split('/')
  const ip = parseIp(address, field)
  const subnet = subnets.find(({ cidr }) => contains(cidr, ip))
  const good = subnets.map(exampleIn).join(' or ')
  if (subnet === undefined)
    throw new BadInput(field, `${ip.text} is in no subnet of the network ${name}.`, good === '' ? 'none' : good)
  const whole = `${ip.text}/${String(subnet.cidr.prefix)}`
  if (rest.length > 0 && rest.join('/') !== String(subnet.cidr.prefix))
    throw new BadInput(field, `${text} is in ${subnet.cidr.text} of the network ${name}.`, whole)
  if (!isForContainers(subnet, ip))
    throw new BadInput(field, `${ip.text} is not for containers in the network ${name}.`, good)
  return parseHostCidr(whole, field)
}

/** Of a network that gives none, and has subnets, an address has to be asked for. Error: BadInput. */
export function refuseNone(network: Network, addresses: readonly Cidr[], field: string): void {
  const [subnet] = network.spec.subnets
  if (subnet === undefined || addresses.length > 0 || givesAddresses(network)) return
  const { source, owner } = network.spec
  const how = owner === 'plugin' ? 'Docker does' : `ipam ${source}`
  const why = `the network ${network.name} gives no addresses of its own (${how}), so one has to be named.`
  throw new BadInput(field, why, exampleIn(subnet))
}

/** An address that a container could have. */
const exampleIn = (subnet: Subnet): string => pickAddress(subnet, new Set()).ip?.text ?? 'none'

function isForContainers({ cidr, gateway, aux }: Subnet, ip: IpAddress): boolean {
  const kept = [gateway, ...aux.map((one) => one.ip)].some((one) => one?.text === ip.text)
  return contains(cidr, ip) && !kept && !isNotAHost(cidr, ip)
}

/** The first of these addresses (with or without prefix lengths) that a container can have in a subnet. */
export function addressIn(subnet: Subnet, texts: readonly string[]): Cidr | undefined {
  const ip = texts.flatMap(parsed).find((one) => isForContainers(subnet, one))
  return ip && hostIn(subnet, ip)
}

/** An address with the prefix length of its subnet. */
export const hostIn = ({ cidr: { prefix } }: Pick<Subnet, 'cidr'>, ip: IpAddress): Cidr => ({
  ...{ ip, prefix },
  text: `${ip.text}/${String(prefix)}`,
})

const bare = (text: string): string => text.replace(/\/.*/, '')

/** None, when it is no address: anybody may have written the mark or the record that it is from. */
function parsed(text: string): readonly IpAddress[] {
  try {
    return [parseIp(bare(text), 'address')]
  } catch {
    return []
  }
}

interface Holder extends Taker {
  readonly spec: Spec | undefined
  readonly network?: string
}

/** The addresses of a network that are on ports, recorded for containers that do not run, or the host's; without prefix lengths. */
export async function heldAddresses(
  host: Host,
  network: Network,
  { id, iface }: Taker,
): Promise<{ readonly own: readonly string[]; readonly others: Set<string> }> {
  const [ports, row, ofHost] = await Promise.all([
    ...([portsOfNetwork(host, network), host.ovs.bridge(network.bridge)] as const),
    ownAddresses(host, network.spec),
  ])
  // In its VLAN, and not only in the network: add-port --persist keeps addresses, too.
  const records = readPersistRecords(row?.externalIds ?? {}).filter(
    ({ vlan }) => segment(vlanOfColumns(vlan)) === (network.spec.vlan ?? 0),
  )
  const all: readonly Holder[] = [...ports.map(({ interface: { externalIds } }) => readMarks(externalIds)), ...records]
  const own: string[] = []
  const others = new Set(ofHost)
  for (const one of all)
    for (const text of textsOf(one.spec)) {
      const ip = bare(text)
      if (one.id === id && one.iface === iface && one.network === network.name) own.push(ip)
      else others.add(ip)
    }
  return { own, others }
}

const textsOf = (spec: Spec | undefined): readonly string[] =>
  ((spec?.addresses ?? []) as readonly unknown[]).filter((text) => typeof text === 'string')

/** The lowest that neither the network nor anybody else in its VLAN has. Error: PoolExhausted. */
async function freeAddress(host: Host, network: Network, subnet: Subnet, used: Set<string>): Promise<Cidr> {
  for (;;) {
    const picked = pickFrom(network, subnet, used)
    const taken = await takenBesides(host, network, [picked])
    if (taken.length === 0) return picked
    used.add(picked.ip.text)
  }
}

/** The lowest address of a subnet that is not used. Error: PoolExhausted. */
export function pickFrom({ name }: Network, subnet: Subnet, used: Used): Cidr {
  const picked = pickAddress(subnet, used)
  if (picked.ip === undefined)
    throw new Refused(
      'PoolExhausted',
      `The network ${name} has no address left: all of ${subnet.range.text} are in use, or kept for something else.`,
      { next: `See who has them: ovsd net inspect ${name}; ovsd gc releases those of removed containers.` },
    )
  return hostIn(subnet, picked.ip)
}

/** Those of the addresses that a port in the VLAN of a network has, be it of the network or not. */
export async function takenBesides(
  host: Host,
  { bridge, spec }: Network,
  addresses: readonly Cidr[],
): Promise<readonly string[]> {
  const answers = await host.ovs.interfaces(addresses.map(({ ip }) => ({ has: addressMark(ip.text, bridge) })))
  const holders = await Promise.all(answers.map((rows) => host.ovs.locate(rows)))
  return addresses.flatMap(({ ip }, i) =>
    holders[i]?.some(({ port }) => segment(port.vlan) === (spec.vlan ?? 0)) === true ? [ip.text] : [],
  )
}
