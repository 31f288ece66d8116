import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { Vlan } from '../net/vlan.ts'
import { addressMark, macMark, readMarks, type Marks } from './marks.ts'

/** The VLAN in which a port's untagged traffic, and so its addresses, live; 0 without a tag. */
const segment = (vlan: Vlan): number => (vlan.kind === 'access' || vlan.kind === 'native' ? vlan.tag : 0)

/** What must not be there twice in one VLAN of a bridge. */
export interface Unique {
  readonly bridge: string
  readonly vlan: Vlan
  /** Addresses without prefix lengths. */
  readonly addresses: readonly string[]
  readonly mac: string
}

/**
 * Refuses addresses, and a MAC, that another living attachment of the same bridge and VLAN has. `except` are ports that
 * this is about, or that will be replaced. Error: AddressInUse.
 */
export async function refuseTaken(
  host: Host,
  { addresses, mac, bridge, vlan }: Unique,
  except: readonly string[],
): Promise<void> {
  const asked = [
    ...addresses.map((text) => [text, addressMark(text, bridge)] as const),
    [mac, macMark(mac, bridge)] as const,
  ]
  const answers = await host.ovs.interfaces(asked.map(([, has]) => ({ has })))
  for (const [i, rows] of answers.entries()) {
    // A row whose link is gone belongs to a container that is gone: its address is free.
    const living = rows.filter(({ name }) => !except.includes(name) && linkExists(name))
    const holder = (await host.ovs.locate(living)).find(({ port }) => segment(port.vlan) === segment(vlan))
    if (holder !== undefined) throw addressInUse(asked[i]?.[0] ?? '', bridge, readMarks(holder.interface.externalIds))
  }
}

function addressInUse(what: string, bridge: string, { iface, name }: Marks): Refused {
  return new Refused('AddressInUse', `${what} belongs to ${iface} of ${name} on ${bridge}.`, {
    next: 'Choose another one (ovsd list shows those in use), or detach the other first.',
  })
}
