// Commands of one ovs-vsctl transaction about VXLAN ports (Vsctl.transaction).
import type { PortToRemove } from './port-changes.ts'
import { idArguments } from './vsctl.ts'

type Ids = Readonly<Record<string, string>>

/** A VXLAN port as it should be. */
export interface TunnelSettings {
  readonly port: string
  /** Tag of its VLAN; 0 is untagged. */
  readonly tag: number
  /** ovs-vswitchd.conf.db(5), "Tunnel Options"; no others stay. */
  readonly options: Ids
  readonly marks: Ids
}

/** What is done to the tunnels of a bridge; what is removed may be on other bridges, too. */
export interface TunnelChanges {
  readonly bridge: string
  readonly add: readonly TunnelSettings[]
  readonly change: readonly TunnelSettings[]
  readonly remove: readonly PortToRemove[]
}

/**
 * Adds VXLAN ports, gives others the settings that they should have, and takes ports away: a tunnel has its VLAN, and is
 * kept from forwarding to others (`protected`), from the first frame.
 */
export function tunnelCommands({ bridge, add, change, remove }: TunnelChanges): readonly (readonly string[])[] {
  return [
    ...[...Map.groupBy(remove, (port) => port.bridge)].map(([from, ports]) => [
      ...['remove', 'Bridge', from, 'ports', ...ports.map(({ uuid }) => uuid)],
    ]),
    ...add.flatMap((tunnel, i) => {
      const [row, port] = [`@i${String(i)}`, `@p${String(i)}`]
      return [
        [`--id=${row}`, 'create', 'Interface', `name=${tunnel.port}`, ...interfaceSettings(tunnel)],
        [`--id=${port}`, 'create', 'Port', `name=${tunnel.port}`, `interfaces=${row}`, ...portSettings(tunnel)],
        ['add', 'Bridge', bridge, 'ports', port],
      ]
    }),
    ...change.flatMap((tunnel) => [
      ['set', 'Interface', tunnel.port, ...interfaceSettings(tunnel)],
      ['set', 'Port', tunnel.port, ...portSettings(tunnel), 'trunks=[]', 'vlan_mode=[]'],
    ]),
  ]
}

/** Quoted, or `:` and `.` of an address would not be read as part of it. */
const interfaceSettings = ({ options, marks }: TunnelSettings): string[] => [
  'type=vxlan',
  `options={${Object.entries(options)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}}`,
  ...idArguments(marks),
]

const portSettings = ({ tag }: TunnelSettings): string[] => [`tag=${String(tag)}`, 'protected=true']
