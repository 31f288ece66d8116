// What doctor reads of the Open vSwitch database beyond what attaching needs (ovs-vswitchd.conf.db(5)).
import type { Host } from '../host.ts'
import { OvsdbClient, type RawRow } from '../ovsdb/client.ts'
import { mapOf, optional, setOf, uuidOf, type Json } from '../ovsdb/values.ts'

export interface SwitchSeen {
  /** Changes that were asked for, and those that ovs-vswitchd has carried out. */
  readonly nextCfg: number
  readonly curCfg: number
  readonly version: string
  readonly datapathTypes: readonly string[]
  readonly externalIds: Readonly<Record<string, string>>
  readonly bridges: readonly BridgeSeen[]
  readonly mirrors: readonly MirrorSeen[]
  readonly managers: readonly RemoteSeen[]
  /** QoS and Queue rows that nothing refers to. */
  readonly unusedQos: readonly string[]
  readonly unusedQueues: readonly string[]
  /** By name of the interface. */
  readonly devices: ReadonlyMap<string, DeviceSeen>
  /** How long the answer took, in milliseconds. */
  readonly ms: number
}

export interface BridgeSeen {
  readonly name: string
  readonly datapathType: string
  /** "secure", or "" and "standalone", which mean the same. */
  readonly failMode: string
  readonly controllers: readonly RemoteSeen[]
  readonly rstp: boolean
  readonly stp: boolean
  /** Versions of OpenFlow that it speaks; none named is 1.0 to 1.5. */
  readonly protocols: readonly string[]
  readonly externalIds: Readonly<Record<string, string>>
}

export interface MirrorSeen {
  readonly uuid: string
  readonly name: string
  readonly bridge: string
  readonly hasOutput: boolean
  readonly externalIds: Readonly<Record<string, string>>
}

/** A Manager or Controller row. */
export interface RemoteSeen {
  readonly target: string
  readonly isConnected: boolean
}

/** What ovs-vswitchd says of a device. */
export interface DeviceSeen {
  readonly linkState: string
  readonly status: Readonly<Record<string, string>>
}

const text = (value: Json | undefined): string => {
  const one = optional(value)
  return typeof one === 'string' ? one : ''
}

const texts = (value: Json | undefined): readonly string[] => setOf(value).map(String)
const uuids = (value: Json | undefined): readonly string[] => setOf(value).map((one) => uuidOf(one))

const QUESTIONS = [
  ['Open_vSwitch', ['next_cfg', 'cur_cfg', 'ovs_version', 'datapath_types', 'external_ids']],
  [
    'Bridge',
    [
      ...['_uuid', 'name', 'datapath_type', 'fail_mode', 'controller', 'rstp_enable', 'stp_enable', 'protocols'],
      ...['mirrors', 'external_ids'],
    ],
  ],
  ['Controller', ['_uuid', 'target', 'is_connected']],
  ['Mirror', ['_uuid', 'name', 'output_port', 'output_vlan', 'external_ids']],
  ['Manager', ['_uuid', 'target', 'is_connected']],
  ['QoS', ['_uuid', 'queues']],
  ['Queue', ['_uuid']],
  ['Port', ['_uuid', 'qos']],
  ['Interface', ['_uuid', 'name', 'link_state', 'status']],
] as const

/** Reads it, all at one moment. Errors: DatabaseUnreachable, DatabaseRefused. */
export async function readSwitch(host: Host): Promise<SwitchSeen> {
  using client = new OvsdbClient(host.database)
  const start = performance.now()
  const [
    [root] = [],
    bridges = [],
    controllers = [],
    mirrors = [],
    managers = [],
    qos = [],
    queues = [],
    ports = [],
    devices = [],
  ] = await client.select(QUESTIONS.map(([table, columns]) => ({ table, where: [], columns: [...columns] })))
  const ms = performance.now() - start
  const remotes = new Map(controllers.map((row) => [uuidOf(row['_uuid']), remoteOf(row)]))
  const bridgeOfMirror = new Map(bridges.flatMap((row) => uuids(row['mirrors']).map((id) => [id, text(row['name'])])))
  const usedQos = new Set(ports.flatMap((row) => uuids(row['qos'])))
  // A queue that only an unused QoS refers to goes with that.
  const usedQueues = new Set(qos.flatMap((row) => Object.values(mapOfUuids(row['queues']))))
  return {
    ...{ nextCfg: Number(root?.['next_cfg'] ?? 0), curCfg: Number(root?.['cur_cfg'] ?? 0), ms },
    ...{ version: text(root?.['ovs_version']), datapathTypes: texts(root?.['datapath_types']) },
    externalIds: mapOf(root?.['external_ids']),
    bridges: bridges.map((row) => bridgeSeen(row, remotes)),
    mirrors: mirrors.map((row) => mirrorSeen(row, bridgeOfMirror)),
    managers: managers.map(remoteOf),
    unusedQos: qos.map((row) => uuidOf(row['_uuid'])).filter((id) => !usedQos.has(id)),
    unusedQueues: queues.map((row) => uuidOf(row['_uuid'])).filter((id) => !usedQueues.has(id)),
    devices: new Map(
      devices.map((row) => [text(row['name']), { linkState: text(row['link_state']), status: mapOf(row['status']) }]),
    ),
  }
}

const remoteOf = (row: RawRow): RemoteSeen => ({
  target: text(row['target']),
  isConnected: row['is_connected'] === true,
})

const bridgeSeen = (row: RawRow, remotes: ReadonlyMap<string, RemoteSeen>): BridgeSeen => ({
  name: text(row['name']),
  datapathType: text(row['datapath_type']) || 'system',
  failMode: text(row['fail_mode']),
  controllers: uuids(row['controller']).flatMap((id) => remotes.get(id) ?? []),
  rstp: row['rstp_enable'] === true,
  stp: row['stp_enable'] === true,
  protocols: texts(row['protocols']),
  externalIds: mapOf(row['external_ids']),
})

const mirrorSeen = (row: RawRow, bridges: ReadonlyMap<string, string>): MirrorSeen => ({
  ...{ uuid: uuidOf(row['_uuid']), name: text(row['name']), bridge: bridges.get(uuidOf(row['_uuid'])) ?? '' },
  hasOutput: setOf(row['output_port']).length + setOf(row['output_vlan']).length > 0,
  externalIds: mapOf(row['external_ids']),
})

/** The references of a map: `["map", [[0, ["uuid", "…"]], …]]` (RFC 7047, 5.1). */
function mapOfUuids(value: Json | undefined): Readonly<Record<string, string>> {
  const pairs = Array.isArray(value) && value[0] === 'map' ? (value[1] as readonly (readonly [Json, Json])[]) : []
  return Object.fromEntries(pairs.map(([key, reference]) => [JSON.stringify(key), uuidOf(reference)]))
}
