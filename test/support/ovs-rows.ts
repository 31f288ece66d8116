// Open vSwitch's tables as ovs-vsctl prints them: another way there than the one that ovsd takes.
import { mapOf, optional, setOf, uuidOf, type Json } from '../../src/lib/ovsdb/values.ts'
import { tool } from './tool.ts'

type Ids = Readonly<Record<string, string>>

/** A port that is one interface, as all ports of containers are. */
export interface PortSeen {
  readonly bridge: string
  readonly port: string
  readonly uuid: string
  readonly tag: number | undefined
  readonly trunks: readonly number[]
  readonly mode: string
  readonly ofport: number | undefined
  readonly error: string
  /** kbit/s */
  readonly rate: number
  readonly ids: Ids
}

export interface BridgeSeen {
  readonly name: string
  readonly ids: Ids
}

/** A row, by column. */
export type SeenRow = Readonly<Record<string, Json>>

/** The rows of a table. */
export const tableRows = (table: string, ...columns: string[]): readonly SeenRow[] =>
  tablesRows([table, ...columns])[0] ?? []

/** The rows of several tables at one moment, each of them given with the columns that are wanted. */
export function tablesRows(...tables: readonly (readonly [string, ...string[]])[]): readonly (readonly SeenRow[])[] {
  const lists = tables.map(([table, ...columns]) => ['--', `--columns=${columns.join(',')}`, 'list', table])
  return tool('ovs-vsctl', '--format=json', ...lists.flat())
    .trim()
    .split('\n')
    .map((line) => {
      const { headings, data } = JSON.parse(line) as { headings: string[]; data: Json[][] }
      return data.map((row) => Object.fromEntries(headings.map((heading, i) => [heading, row[i] ?? null])))
    })
}

const text = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

/** Column `name`. */
export const nameOf = (row: SeenRow): string => text(row['name'])

/** Every bridge. */
export const bridgesSeen = (): readonly BridgeSeen[] =>
  tableRows('Bridge', 'name', 'external_ids').map((row) => ({
    name: text(row['name']),
    ids: mapOf(row['external_ids']),
  }))

/** Every port, by interface. */
export function portsSeen(): readonly PortSeen[] {
  const [bridges = [], ports = [], interfaces = []] = tablesRows(
    ['Bridge', 'name', 'ports'],
    ['Port', '_uuid', 'name', 'tag', 'trunks', 'vlan_mode', 'interfaces'],
    ['Interface', '_uuid', 'name', 'ofport', 'error', 'ingress_policing_rate', 'external_ids'],
  )
  return interfaces.map((row) => {
    const holder = (rows: readonly SeenRow[], column: string, of: SeenRow | undefined): SeenRow | undefined =>
      rows.find((one) => setOf(one[column]).some((reference) => uuidOf(reference) === uuidOf(of?.['_uuid'])))
    const port = holder(ports, 'interfaces', row)
    const bridge = holder(bridges, 'ports', port)
    const ofport = optional(row['ofport'])
    return {
      bridge: text(bridge?.['name']),
      port: text(row['name']),
      uuid: uuidOf(row['_uuid']),
      tag: optional(port?.['tag']) as number | undefined,
      trunks: setOf(port?.['trunks'])
        .map(Number)
        .sort((a, b) => a - b),
      mode: text(optional(port?.['vlan_mode'])),
      ofport: typeof ofport === 'number' ? ofport : undefined,
      error: text(optional(row['error'])),
      rate: Number(row['ingress_policing_rate']),
      ids: mapOf(row['external_ids']),
    }
  })
}

/** The ports that ovsd made, whoever asked for them. */
export const ownPortsSeen = (): readonly PortSeen[] => portsSeen().filter(({ ids }) => ids['ovsd'] !== undefined)

/** The port of an interface of a container; undefined when there is none, an error when there are several. */
export function portOf(id: string, iface = 'eth1'): PortSeen | undefined {
  const [found, ...more] = ownPortsSeen().filter(({ ids }) => ids['ovsd_id'] === id && ids['container_iface'] === iface)
  if (more.length > 0) throw new Error(`${iface} of ${id} has ${more.length + 1} ports`)
  return found
}
