import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import { vlanOfColumns, type Vlan } from '../net/vlan.ts'
import { INTEGRATION_BRIDGE } from '../ovn/chassis.ts'
import { calledIn } from './endpoint.ts'
import { addressMark, macMark, readMarks, type Marks } from './marks.ts'
import { readPersistRecords, type PersistRecord } from './persist.ts'

/** The VLAN in which a port's untagged traffic, and so its addresses, live; 0 without a tag. */
export const segment = (vlan: Vlan): number => (vlan.kind === 'access' || vlan.kind === 'native' ? vlan.tag : 0)

/** What must not be there twice in one VLAN of a bridge. */
export interface Unique {
  readonly bridge: string
  readonly vlan: Vlan
  /** Addresses without prefix lengths. */
  readonly addresses: readonly string[]
  readonly mac: string
  /** For whom: records keep addresses for containers that do not run. */
  readonly target?: { readonly id: string }
  readonly iface?: string
}

/**
 * Refuses addresses, and a MAC, that another living attachment of the same bridge and VLAN has, and addresses that are
 * kept there for another container. `except` are ports that this is about, or that will be replaced. Error: AddressInUse.
 */
export async function refuseTaken(host: Host, unique: Unique, except: readonly string[]): Promise<void> {
  const { addresses, mac, bridge, vlan } = unique
  const asked = [
    ...addresses.map((text) => [text, addressMark(text, bridge)] as const),
    [mac, macMark(mac, bridge)] as const,
  ]
  const answers = await host.ovs.interfaces(asked.map(([, has]) => ({ has })))
  for (const [i, rows] of answers.entries()) {
    // A row whose link is gone belongs to a container that is gone: its address is free.
    // That of a logical port is OVN's, which keeps its networks apart.
    const living = rows.filter(
      ({ name, externalIds }) => !except.includes(name) && externalIds['iface-id'] === undefined && linkExists(name),
    )
    const holder = (await host.ovs.locate(living)).find(({ port }) => segment(port.vlan) === segment(vlan))
    if (holder !== undefined) throw addressInUse(asked[i]?.[0] ?? '', bridge, readMarks(holder.interface.externalIds))
  }
  await refuseKept(host, unique)
}

/** Records of networks on the integration bridge are of logical ports. */
const isOnOvn = (bridge: string, { network }: PersistRecord): boolean =>
  bridge === INTEGRATION_BRIDGE && network !== undefined

/** Records keep addresses for containers that do not run, in their VLAN, whatever network that is. */
async function refuseKept(host: Host, { addresses, bridge, vlan, target, iface }: Unique): Promise<void> {
  if (addresses.length === 0) return
  const wanted = new Set(addresses)
  const records = readPersistRecords((await host.ovs.bridge(bridge))?.externalIds ?? {})
  for (const record of records) {
    if ((record.id === target?.id && record.iface === iface) || isOnOvn(bridge, record)) continue
    if (segment(vlanOfColumns(record.vlan)) !== segment(vlan)) continue
    const kept = record.spec.addresses.map((text) => text.replace(/\/.*/, '')).find((text) => wanted.has(text))
    if (kept === undefined) continue
    const { name, network } = record
    const where = network === undefined ? '' : ` in ${network}`
    const release =
      network === undefined
        ? `ovsd del-port ${bridge} ${record.iface} ${name}`
        : `ovsd net disconnect ${network} ${name}`
    throw new Refused('AddressInUse', `${kept} is kept for ${record.iface} of ${name}${where}.`, {
      next: `Choose another one, or release it: ${release}; of a container that was removed: ovsd gc`,
    })
  }
}

function addressInUse(what: string, bridge: string, marks: Marks): Refused {
  // Of an endpoint of Docker's the container is not known yet, a moment after its start.
  const who = marks.iface === '' ? `an ${calledIn(marks)}` : `${marks.iface} of ${marks.name || calledIn(marks)}`
  return new Refused('AddressInUse', `${what} belongs to ${who} on ${bridge}.`, {
    next: 'Choose another one (ovsd list shows those in use), or detach the other first.',
  })
}
