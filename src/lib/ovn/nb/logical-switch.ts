import type { OvnDatabase } from '../database.ts'
import type { Northbound } from '../change.ts'
import type { RawRow } from '../../ovsdb/client.ts'
import { map, mapOf, uuidOf } from '../../ovsdb/values.ts'
import {
  expectNone,
  expectSome,
  hasIds,
  insert,
  isRow,
  keys,
  mutate,
  textOf,
  type Change,
  type Condition,
  type Ids,
} from '../../ovsdb/operations.ts'

/** The mark of everything in the northbound database that belongs to a network: its id, 64 hex digits. */
export const NETWORK_MARK = 'ovsd_id'
/** Of a switch: the words that the network was made with, as JSON. */
export const RECORD_MARK = 'ovsd_net'
const HOST_MARK = 'ovsd_host.'

/** What everything of a network says about it: whose it is, as ovs-container-network has it, too. */
export const networkIds = (ids: Ids): Ids =>
  Object.fromEntries(
    [NETWORK_MARK, 'network_id', 'tenant_id'].flatMap((key) => {
      const value = ids[key]
      return value === undefined ? [] : [[key, value] as const]
    }),
  )

/** A logical switch, without its ports: there may be thousands. */
export interface LogicalSwitch {
  readonly uuid: string
  /** The database lets several have the same. */
  readonly name: string
  readonly externalIds: Ids
  readonly otherConfig: Ids
}

const TABLE = 'Logical_Switch'

/** Switches of a name. Errors: DatabaseUnreachable, DatabaseRefused. */
export const switchesNamed = (nb: Northbound, name: string): Promise<readonly LogicalSwitch[]> =>
  read(nb.database, [['name', '==', name]])

/** The switches that are networks of ovsd, or those with this id. Errors: as of switchesNamed. */
export async function switchesOfNetworks(nb: Northbound, id?: string): Promise<readonly LogicalSwitch[]> {
  const all = await read(nb.database, id === undefined ? [] : [hasIds({ [NETWORK_MARK]: id })])
  return all.filter(({ externalIds }) => externalIds[NETWORK_MARK] !== undefined)
}

/** The switches that have these marks. Errors: as of switchesNamed. */
export const switchesMarked = (nb: Northbound, marks: Ids): Promise<readonly LogicalSwitch[]> =>
  read(nb.database, [hasIds(marks)])

/** The switch with this UUID. Errors: as of switchesNamed. */
export const switchAt = async (nb: Northbound, uuid: string): Promise<LogicalSwitch | undefined> =>
  (await read(nb.database, isRow(uuid)))[0]

/** The columns that readSwitch takes. */
export const SWITCH_COLUMNS = ['_uuid', 'name', 'external_ids', 'other_config']

async function read(database: OvnDatabase, where: readonly Condition[]): Promise<readonly LogicalSwitch[]> {
  const [rows = []] = await database.select([{ table: TABLE, where, columns: SWITCH_COLUMNS }])
  return rows.map(readSwitch)
}

export const readSwitch = (row: RawRow): LogicalSwitch => ({
  uuid: uuidOf(row['_uuid']),
  name: textOf(row['name']),
  externalIds: mapOf(row['external_ids']),
  otherConfig: mapOf(row['other_config']),
})

/** The hosts that use a network, by their system-ids. */
export const hostsOf = ({ externalIds }: LogicalSwitch): readonly string[] =>
  Object.keys(externalIds).flatMap((key) => (key.startsWith(HOST_MARK) ? [key.slice(HOST_MARK.length)] : []))

/** A switch that is to be made. */
export interface SwitchToMake {
  readonly uuid: string
  readonly name: string
  /** Id of the network, 64 hex digits. */
  readonly id: string
  /** JSON of the words that it was made with. */
  readonly record: string
  /** The first host that uses it, by its system-id. */
  readonly systemId: string
  readonly tenant?: string | undefined
  readonly vrf?: string | undefined
  readonly role?: string | undefined
  /** Marks that no other switch may have. */
  readonly unique?: Ids
  readonly otherConfig?: Ids
}

/** The external_ids of a switch that is to be made. */
export const switchIds = (wanted: SwitchToMake): Ids => {
  const { id, record, systemId, tenant, vrf, role, unique = {} } = wanted
  return {
    ...{ [NETWORK_MARK]: id, network_id: id, [RECORD_MARK]: record, [`${HOST_MARK}${systemId}`]: '1', ...unique },
    ...(tenant === undefined ? {} : { tenant_id: tenant }),
    ...(vrf === undefined ? {} : { vrf }),
    ...(role === undefined ? {} : { role }),
  }
}

/** Changes that make a switch; they fail, as a Conflict, when there is one of its name, or one of its network. */
export function makeSwitch(wanted: SwitchToMake): readonly Change[] {
  const { uuid, name, id, unique, otherConfig = {} } = wanted
  const ids = switchIds(wanted)
  return [
    expectNone(TABLE, [['name', '==', name]]),
    expectNone(TABLE, [hasIds({ [NETWORK_MARK]: id })]),
    ...(unique === undefined ? [] : [expectNone(TABLE, [hasIds(unique)])]),
    insert(TABLE, uuid, { name, external_ids: map(ids), other_config: map(otherConfig) }),
  ]
}

/** Changes by which a host says that it uses a network; they fail, as a Conflict, when the switch is gone. */
export const joinSwitch = ({ uuid }: Pick<LogicalSwitch, 'uuid'>, systemId: string): readonly Change[] => [
  expectSome(TABLE, isRow(uuid)),
  mutate(TABLE, isRow(uuid), ['external_ids', 'insert', map({ [`${HOST_MARK}${systemId}`]: '1' })]),
]

/** Changes by which a host says that it uses it no more. */
export const leaveSwitch = ({ uuid }: Pick<LogicalSwitch, 'uuid'>, systemId: string): readonly Change[] => [
  mutate(TABLE, isRow(uuid), ['external_ids', 'delete', keys([`${HOST_MARK}${systemId}`])]),
]

/** What to type to see the ports of a switch: central is seldom where ovn-nbctl looks for it. */
export const lineToShow = (name: string): string =>
  `ovn-nbctl --db=NORTHBOUND show ${name} (as ovsd ovn status names it)`
