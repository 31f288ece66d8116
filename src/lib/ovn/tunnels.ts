import { mapOf, optional } from '../ovsdb/values.ts'
import type { Host } from '../host.ts'
import { OvsdbClient } from '../ovsdb/client.ts'

/** A tunnel that ovn-controller has made on this host. */
export interface OvnTunnel {
  readonly port: string
  readonly type: string
  readonly remoteIp: string
  /** The chassis at its other end. */
  readonly chassis: string
  /** Whether Open vSwitch could make it. */
  readonly isUp: boolean
  /** What BFD says of the other end: "up", "down" …; '' where it does not run. */
  readonly bfd: string
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The tunnels of this host to other chassis. Error: DatabaseUnreachable. */
export async function ovnTunnels(host: Host): Promise<readonly OvnTunnel[]> {
  using client = new OvsdbClient(host.database)
  const columns = ['name', 'type', 'options', 'ofport', 'link_state', 'bfd_status']
  // ovn-controller names the chassis on the Port (controller/encaps.c of OVN); both rows have the same name.
  const types = ['geneve', 'vxlan', 'stt'].map((type) => ({
    table: 'Interface',
    where: [['type', '==', type]],
    columns,
  }))
  const [ports = [], ...interfaces] = await client.select([
    {
      table: 'Port',
      where: [['external_ids', '!=', ['map', []]]],
      columns: ['name', 'external_ids'],
    },
    ...types,
  ])
  const chassisOf = new Map(ports.map((row) => [text(row['name']), mapOf(row['external_ids'])['ovn-chassis-id']]))
  return interfaces.flat().flatMap((row) => {
    const port = text(row['name'])
    const chassis = chassisOf.get(port)
    if (chassis === undefined) return []
    return [
      {
        ...{ port, type: text(row['type']), remoteIp: mapOf(row['options'])['remote_ip'] ?? '' },
        // ID@IP, since a chassis may have several addresses (OVN 20.03).
        chassis: chassis.replace(/@.*$/, ''),
        isUp: Number(optional(row['ofport']) ?? -1) > 0 && optional(row['link_state']) !== 'down',
        bfd: mapOf(row['bfd_status'])['state'] ?? '',
      },
    ]
  })
}
