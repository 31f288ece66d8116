import type { Operation, OvsdbClient, RawRow } from '../ovsdb/client.ts'
import { map, setOf, uuid, uuidOf, type Json } from '../ovsdb/values.ts'
import {
  BRIDGE_COLUMNS,
  bridgeRow,
  INTERFACE_COLUMNS,
  interfaceRow,
  PORT_COLUMNS,
  portRow,
  type BridgeRow,
  type InterfaceRow,
  type PortRow,
} from './rows.ts'

type Ids = Readonly<Record<string, string>>

/** A port with its interface and its bridge. */
export interface PortOnBridge {
  readonly interface: InterfaceRow
  readonly port: PortRow
  readonly bridge: BridgeRow
}

/** Where a VLAN bridge really is. */
export interface FakeBridge {
  readonly parent: string
  readonly tag: number
}

/** Conditions on an Interface row: name, type, pairs that its external_ids have, and pairs that they do not have. */
export interface InterfaceQuery {
  readonly has?: Ids
  readonly lacks?: Ids
  readonly name?: string
  readonly type?: string
}

/** Questions to the Open vSwitch database. Errors of each: DatabaseUnreachable, DatabaseRefused. */
export interface OvsView {
  /** The bridge, or undefined. */
  bridge(name: string): Promise<BridgeRow | undefined>
  /** All bridges. */
  bridges(): Promise<readonly BridgeRow[]>
  /** The VLAN bridge of that name (`ovs-vsctl add-br NAME PARENT VLAN`): in truth a port of its parent, with a tag. */
  fakeBridge(name: string): Promise<FakeBridge | undefined>
  /** The interfaces that match each query, all seen at one moment. */
  interfaces(queries: readonly InterfaceQuery[]): Promise<readonly (readonly InterfaceRow[])[]>
  /** The ports and bridges that these interfaces belong to; an interface without a port is left out. */
  locate(interfaces: readonly InterfaceRow[]): Promise<readonly PortOnBridge[]>
  /** Names of the ports of a bridge, its own internal port left out. */
  portsOf(bridge: string): Promise<readonly string[]>
  /** Every port of every bridge, and the bridges themselves (a bridge has at least its own internal port). */
  everything(): Promise<readonly PortOnBridge[]>
}

// Every question is answered by the server with the rows it is about, never with whole tables: that is what keeps an
// add-port at 5,000 ports as quick as at none.
/** Asks the server each question. Made for commands, which ask a few; who asks many keeps a copy (OvsReplica). */
export class OvsReader implements OvsView {
  readonly #db: OvsdbClient
  constructor(db: OvsdbClient) {
    this.#db = db
  }

  async bridge(name: string): Promise<BridgeRow | undefined> {
    const [rows = []] = await this.#db.select([select('Bridge', [['name', '==', name]], BRIDGE_COLUMNS)])
    return rows.map(bridgeRow)[0]
  }

  async bridges(): Promise<readonly BridgeRow[]> {
    const [rows = []] = await this.#db.select([select('Bridge', [], BRIDGE_COLUMNS)])
    return rows.map(bridgeRow)
  }

  async fakeBridge(name: string): Promise<FakeBridge | undefined> {
    const where = [['name', '==', name] as const, ['fake_bridge', '==', true] as const]
    const [rows = []] = await this.#db.select([select('Port', where, PORT_COLUMNS)])
    const port = rows.map(portRow)[0]
    if (port?.vlan.kind !== 'access') return undefined
    const [found] = await this.#db.select([select('Bridge', [['ports', 'includes', uuid(port.uuid)]], BRIDGE_COLUMNS)])
    const parent = found?.map(bridgeRow)[0]?.name
    return parent === undefined ? undefined : { parent, tag: port.vlan.tag }
  }

  async interfaces(queries: readonly InterfaceQuery[]): Promise<readonly (readonly InterfaceRow[])[]> {
    const answers = await this.#db.select(
      queries.map((query) => select('Interface', conditions(query), INTERFACE_COLUMNS)),
    )
    return answers.map((rows) => rows.map(interfaceRow))
  }

  async locate(interfaces: readonly InterfaceRow[]): Promise<readonly PortOnBridge[]> {
    if (interfaces.length === 0) return []
    const portRows = await this.#db.select(
      interfaces.map(({ uuid: id }) => select('Port', [['interfaces', 'includes', uuid(id)]], PORT_COLUMNS)),
    )
    const ports = portRows.map((rows) => rows.map(portRow)[0])
    const known = ports.filter((port) => port !== undefined)
    const bridgeRows = await this.#db.select(
      known.map((port) => select('Bridge', [['ports', 'includes', uuid(port.uuid)]], BRIDGE_COLUMNS)),
    )
    const bridgeOf = new Map(known.map((port, i) => [port.uuid, bridgeRows[i]?.map(bridgeRow)[0]]))
    return interfaces.flatMap((row, i) => {
      const port = ports[i]
      const bridge = port === undefined ? undefined : bridgeOf.get(port.uuid)
      return port === undefined || bridge === undefined ? [] : [{ interface: row, port, bridge }]
    })
  }

  async portsOf(bridge: string): Promise<readonly string[]> {
    const all = await this.everything()
    return all
      .filter((found) => found.bridge.name === bridge && found.port.name !== bridge)
      .map(({ port }) => port.name)
  }

  async everything(): Promise<readonly PortOnBridge[]> {
    const [bridges = [], ports = [], interfaces = []] = await this.#db.select([
      select('Bridge', [], [...BRIDGE_COLUMNS, 'ports']),
      select('Port', [], PORT_COLUMNS),
      select('Interface', [], INTERFACE_COLUMNS),
    ])
    const portOf = new Map(ports.map((row) => [uuidOf(row['_uuid']), portRow(row)]))
    const interfaceOf = new Map(interfaces.map((row) => [uuidOf(row['_uuid']), interfaceRow(row)]))
    return bridges.flatMap((row: RawRow) => {
      const bridge = bridgeRow(row)
      return setOf(row['ports']).flatMap((reference) => {
        const port = portOf.get(uuidOf(reference))
        const rows = port?.interfaces.map((id) => interfaceOf.get(id)).filter((found) => found !== undefined) ?? []
        return port === undefined ? [] : rows.map((found) => ({ interface: found, port, bridge }))
      })
    })
  }
}

function select(table: string, where: readonly Json[], columns: readonly string[]): Operation {
  return { table, where, columns }
}

function conditions({ has, lacks, name, type }: InterfaceQuery): readonly Json[] {
  return [
    ...(name === undefined ? [] : [['name', '==', name]]),
    ...(type === undefined ? [] : [['type', '==', type]]),
    ...(has === undefined ? [] : [['external_ids', 'includes', map(has)]]),
    ...(lacks === undefined ? [] : [['external_ids', 'excludes', map(lacks)]]),
  ]
}
