import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import type { Vlan } from '../net/vlan.ts'
import type { Attachment } from './attachment.ts'
import { addressMark, readMarks } from './marks.ts'

/** The VLAN in which a port's untagged traffic, and so its addresses, live; 0 without a tag. */
const segment = (vlan: Vlan): number => (vlan.kind === 'access' || vlan.kind === 'native' ? vlan.tag : 0)

/**
 * Refuses addresses that another living attachment of the same bridge and VLAN has. `except` are ports that will be
 * replaced. Error: AddressInUse.
 */
export async function refuseTakenAddresses(
  host: Host,
  { addresses, bridge, vlan }: Pick<Attachment, 'addresses' | 'bridge' | 'vlan'>,
  except: readonly string[],
): Promise<void> {
  if (addresses.length === 0) return
  const rows = (await host.ovs.interfaces(addresses.map(({ ip }) => ({ has: addressMark(ip.text, bridge) })))).flat()
  // A row whose link is gone belongs to a container that is gone: its address is free.
  const living = rows.filter(({ name }) => !except.includes(name) && linkExists(name))
  const holder = (await host.ovs.locate(living)).find(({ port }) => segment(port.vlan) === segment(vlan))
  if (holder === undefined) return
  const marks = readMarks(holder.interface.externalIds)
  const taken = addresses.find(({ ip }) =>
    Object.entries(addressMark(ip.text, bridge)).every(([k, v]) => holder.interface.externalIds[k] === v),
  )
  throw new Refused(
    'AddressInUse',
    `${taken?.ip.text ?? 'An address'} belongs to ${marks.iface} of ${marks.name} on ${bridge}.`,
    {
      next: 'Choose another address (ovsd list shows those in use), or detach the other first.',
    },
  )
}
