// Mirrors as the database has them. They are asked for here, and are no part of the copy that `watch` keeps: hardly any
// host has some, and their counters change every five seconds.
import { OvsdbClient, type RawRow } from '../ovsdb/client.ts'
import type { Endpoint } from '../ovsdb/endpoint.ts'
import { map, mapOf, optional, setOf, uuidOf } from '../ovsdb/values.ts'

/** A row of the table Mirror (ovs-vswitchd.conf.db(5)). Ports are named by their UUIDs. */
export interface MirrorRow {
  readonly uuid: string
  readonly name: string
  readonly bridge: string
  readonly selectAll: boolean
  /** Ports of which what enters the bridge is copied: what their containers send. */
  readonly sources: readonly string[]
  /** Ports of which what leaves the bridge is copied: what their containers receive. */
  readonly destinations: readonly string[]
  /** Only frames of these VLANs, 0 is untagged; empty: of any. */
  readonly vlans: readonly number[]
  readonly output: string | undefined
  readonly outputVlan: number | undefined
  /** Frames copied so far; ovs-vswitchd writes it every five seconds. */
  readonly packets: number
  readonly externalIds: Readonly<Record<string, string>>
}

/** All mirrors of a host, and what has to be known to change them. */
export interface MirrorTable {
  readonly rows: readonly MirrorRow[]
  /** UUIDs of the ports that carry the switch of mirror-commands.ts. */
  readonly switched: ReadonlySet<string>
}

/** The switch of mirror-commands.ts. */
export const SWITCH = { key: 'qinq-ethtype', on: '802.1q' } as const

const COLUMNS = [
  ...['_uuid', 'name', 'select_all', 'select_src_port', 'select_dst_port', 'select_vlan'],
  ...['output_port', 'output_vlan', 'statistics', 'external_ids'],
]

/** Reads all mirrors, as of one moment. Errors: DatabaseUnreachable, DatabaseRefused. */
export async function readMirrors(endpoint: Endpoint): Promise<MirrorTable> {
  using client = new OvsdbClient(endpoint)
  const [mirrors = [], bridges = [], switched = []] = await client.select([
    { table: 'Mirror', where: [], columns: COLUMNS },
    { table: 'Bridge', where: [['mirrors', '!=', ['set', []]]], columns: ['name', 'mirrors'] },
    {
      table: 'Port',
      where: [['other_config', 'includes', map({ [SWITCH.key]: SWITCH.on })]],
      columns: ['_uuid'],
    },
  ])
  const bridgeOf = new Map(
    bridges.flatMap((row) => setOf(row['mirrors']).map((one) => [uuidOf(one), text(row['name'])] as const)),
  )
  return {
    rows: mirrors.flatMap((row) => {
      const bridge = bridgeOf.get(uuidOf(row['_uuid']))
      return bridge === undefined ? [] : [mirrorRow(row, bridge)]
    }),
    switched: new Set(switched.map((row) => uuidOf(row['_uuid']))),
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function mirrorRow(row: RawRow, bridge: string): MirrorRow {
  const references = (column: string): readonly string[] => setOf(row[column]).map(uuidOf)
  const number = (column: string): number | undefined => {
    const value = optional(row[column])
    return typeof value === 'number' ? value : undefined
  }
  return {
    ...{ uuid: uuidOf(row['_uuid']), bridge, name: text(row['name']) },
    selectAll: row['select_all'] === true,
    sources: references('select_src_port'),
    destinations: references('select_dst_port'),
    vlans: setOf(row['select_vlan']).map(Number),
    output: references('output_port')[0],
    outputVlan: number('output_vlan'),
    packets: Number(mapOf(row['statistics'])['tx_packets'] ?? 0),
    externalIds: mapOf(row['external_ids']),
  }
}
