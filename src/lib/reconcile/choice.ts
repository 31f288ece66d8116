import type { Host } from '../host.ts'
import { contains, parseHostCidr, type Cidr } from '../net/cidr.ts'
import { heldAddresses, pickFrom, subnetsWithout, takenBesides } from '../network/addresses.ts'
import { logicalAddressesFor } from '../network/logical-addresses.ts'
import type { Network } from '../network/networks.ts'
import type { Wanted } from './desired.ts'

/** Whether an address is somebody else's, of whom the database does not know yet. */
export type IsAnothers = (ip: string) => boolean

/** What an interface can be given in a network, as it was when it was looked at. */
export interface Choice {
  /** The addresses that it still lacks. Waits for nothing. Error: PoolExhausted. */
  pick(isAnothers: IsAnothers): readonly Cidr[]
  /** Those of the addresses that somebody has taken meanwhile. */
  taken(picked: readonly Cidr[]): Promise<readonly string[]>
}

/**
 * How addresses are chosen in a network: out of a pool of this host, or, on OVN, out of that which all hosts share and the northbound
 * database keeps. `tries` is how often somebody else was faster. Errors of what it gives: PoolExhausted, AddressInUse,
 * DatabaseUnreachable, CentralUnreachable.
 */
export function choiceIn(
  host: Host,
  network: Network,
  { request, kept = [], had = [] }: Wanted,
  id: string,
  tries: number,
): (isAnothers: IsAnothers) => Promise<Choice> {
  const { iface, addresses } = request
  const missing = subnetsWithout(network, addresses)
  if (network.spec.overlay === undefined)
    return async () => {
      const { others } = await heldAddresses(host, network, { id, iface })
      return {
        pick: (isAnothers) =>
          missing.map((subnet) => pickFrom(network, subnet, { has: (ip) => others.has(ip) || isAnothers(ip) })),
        taken: (picked) => takenBesides(host, network, picked),
      }
    }
  const asked = addresses.filter((address) => !kept.includes(address)).map(({ text }) => text)
  return async (isAnothers) => {
    const except = ({ text }: { readonly text: string }): boolean => isAnothers(text)
    const given = await logicalAddressesFor(host, network, { id, iface }, asked, { had, except, tries })
    const chosen = given.map((text) => parseHostCidr(text, 'address'))
    return {
      pick: () => chosen.filter(({ ip }) => missing.some(({ cidr }) => contains(cidr, ip))),
      // The transaction that writes them down says so.
      taken: () => Promise.resolve([]),
    }
  }
}
