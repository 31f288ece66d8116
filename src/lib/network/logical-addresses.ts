// Addresses of containers in networks on OVN: every host gives out of the same pools, which the northbound database keeps.
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { contains, parseHostCidr, type Cidr } from '../net/cidr.ts'
import type { IpAddress } from '../net/ip-address.ts'
import { chooseAddresses } from '../ovn/nb/addresses.ts'
import { logicalPortName, portNamed } from '../ovn/nb/logical-port.ts'
import { NETWORK_MARK } from '../ovn/nb/logical-switch.ts'
import { poolOf } from '../ovn/nb/pools.ts'
import { ovnOf } from '../ovn/of-host.ts'
import { addressIn, givesAddresses, refuseNone, staticAddresses, type Taker } from './addresses.ts'
import { switchOf } from './logical.ts'
import type { Network } from './networks.ts'

/** How addresses are to be chosen. */
export interface LogicalChoice {
  /** Addresses, with or without prefix lengths, that the interface is known to have had. */
  readonly had?: readonly string[]
  /** Addresses that somebody else is about to take. */
  readonly except?: (ip: IpAddress) => boolean
  /** How often somebody else was faster. */
  readonly tries?: number
}

/**
 * The addresses, with prefix lengths, that an interface gets in a network on OVN: those asked for, those of the logical port that
 * it had, and one from each other subnet. Nothing is written: whoever is faster has it. Errors: BadInput, AddressInUse, PoolExhausted, LogicalSwitchGone, AddressKept, CentralUnreachable.
 */
export async function logicalAddressesFor(
  host: Host,
  network: Network,
  taker: Taker,
  asked: readonly string[],
  { had = [], except, tries = 0 }: LogicalChoice = {},
): Promise<readonly string[]> {
  const { spec } = network
  const wanted = staticAddresses(network, asked, '--ip')
  const { northbound } = await ovnOf(host)
  const { ls } = await switchOf(northbound, network)
  const port = await portNamed(northbound, logicalPortName(taker.id, taker.iface))
  const own = port !== undefined && port.externalIds[NETWORK_MARK] === spec.id ? port.ips : []
  refuseOthers(network, taker, wanted, own)
  const chosen = [...wanted]
  const before = [...own.map(({ text }) => text), ...had]
  const open = spec.subnets.filter(({ cidr }) => !wanted.some(({ ip }) => contains(cidr, ip)))
  for (const subnet of open) {
    const kept = addressIn(subnet, before)
    if (kept !== undefined) chosen.push(kept)
  }
  const without = open.filter(({ cidr }) => !chosen.some(({ ip }) => contains(cidr, ip)))
  const given = await chooseAddresses(
    northbound,
    ls.uuid,
    {
      asked: chosen.map(({ ip }) => ip).filter(({ text }) => !own.some((one) => one.text === text)),
      pools: givesAddresses(network) ? without.map(poolOf) : [],
      except,
    },
    tries,
  )
  for (const ip of given.given) chosen.push(inSubnet(network, ip))
  refuseNone(network, chosen, '--ip')
  return chosen.map(({ text }) => text)
}

function inSubnet({ spec }: Network, ip: IpAddress): Cidr {
  const prefix = spec.subnets.find(({ cidr }) => contains(cidr, ip))?.cidr.prefix ?? (ip.family === 4 ? 32 : 128)
  return parseHostCidr(`${ip.text}/${String(prefix)}`, 'address')
}

/** Its place in the network has addresses, which another host may have told others: they are not changed in passing. */
function refuseOthers({ name }: Network, { iface }: Taker, wanted: readonly Cidr[], own: readonly IpAddress[]): void {
  const other = own.find(({ family, text }) => wanted.some(({ ip }) => ip.family === family && ip.text !== text))
  if (other !== undefined)
    throw new Refused('AlreadyConnected', `${iface} has its place in the network ${name} with ${other.text}.`, {
      next: `Take it out first: ovsd net disconnect ${name} CONTAINER`,
    })
}
