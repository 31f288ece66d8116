import type { RawRow } from '../ovsdb/client.ts'
import { columnsOf } from '../ovsdb/columns.ts'
import { TableCopy, type RowChange, type RowUpdate, type TableUpdate } from '../ovsdb/table-copy.ts'
import { setOf, uuidOf, type Json } from '../ovsdb/values.ts'
import type { PortOnBridge } from './reader.ts'
import { isChange, type Changes } from './replica-changes.ts'
import { Index, pairKey } from './replica-index.ts'
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

/** The columns that are copied. None of them changes on an idle host: statistics would, every five seconds. */
export const COPIED = {
  Bridge: [...new Set([...BRIDGE_COLUMNS, 'ports'])].filter((name) => name !== '_uuid'),
  Port: [...new Set([...PORT_COLUMNS, 'fake_bridge'])].filter((name) => name !== '_uuid'),
  Interface: INTERFACE_COLUMNS.filter((name) => name !== '_uuid'),
} as const

/** Updates of the copied tables, from one moment to the next. */
export type Updates = Readonly<Partial<Record<keyof typeof COPIED, TableUpdate>>>

/** The three tables as the server had them at one moment, and indexes of them. */
export class Copy {
  readonly bridges: TableCopy<BridgeRow>
  readonly ports: TableCopy<PortRow>
  readonly interfaces: TableCopy<InterfaceRow>
  /** Ports of each bridge. Apart from its row, or each port that comes would have the list of all copied anew. */
  readonly members = new Map<string, Set<string>>()
  readonly fakeBridges = new WeakSet<PortRow>()
  readonly bridgesByName = new Index<string>()
  readonly bridgesByPort = new Index<string>()
  readonly portsByName = new Index<string>()
  readonly portsByInterface = new Index<string>()
  readonly interfacesByName = new Index<string>()
  readonly interfacesByPair = new Index<number>()

  /** `schema` is the answer to get_schema; the copy begins empty. */
  constructor(schema: Json) {
    const bridgeColumns = COPIED.Bridge.filter((name) => name !== 'ports')
    this.bridges = new TableCopy(columnsOf(schema, 'Bridge', bridgeColumns), bridgeRow)
    this.ports = new TableCopy(columnsOf(schema, 'Port', COPIED.Port), (raw) => this.#port(raw))
    this.interfaces = new TableCopy(columnsOf(schema, 'Interface', COPIED.Interface), interfaceRow)
  }

  /** The port and the bridge of an interface, beside the row itself, which may be an older one. */
  located(row: InterfaceRow): PortOnBridge | undefined {
    const port = this.ports.get(this.portsByInterface.first(row.uuid) ?? '')
    const bridge = port && this.bridgeOf(port)
    return port && bridge && { interface: row, port, bridge }
  }

  bridgeOf({ uuid }: PortRow): BridgeRow | undefined {
    return this.bridges.get(this.bridgesByPort.first(uuid) ?? '')
  }

  /** All interfaces, by their UUIDs. */
  *placed(): Generator<readonly [string, PortOnBridge]> {
    for (const id of this.interfaces.ids()) {
      const where = this.#place(id)
      if (where !== undefined) yield [id, where]
    }
  }

  #place(id: string): PortOnBridge | undefined {
    const row = this.interfaces.get(id)
    return row && this.located(row)
  }

  /** Goes on to the next moment, and gives what has changed. */
  apply(updates: Updates): Changes {
    const touched = [...this.#touched(updates)].map((id) => [id, this.#place(id)] as const)
    const bridges = Object.entries(updates.Bridge ?? {}).map(([id, update]) => this.#applyBridge(id, update))
    for (const [id, update] of Object.entries(updates.Port ?? {})) this.#indexPort(id, this.ports.apply(id, update))
    for (const [id, update] of Object.entries(updates.Interface ?? {}))
      this.#indexInterface(id, this.interfaces.apply(id, update))
    return {
      interfaces: touched.map(([id, before]) => ({ before, after: this.#place(id) })).filter(isChange),
      bridges: bridges.filter(({ before, after }) => before !== after),
    }
  }

  /** The interfaces that an update may be about, by itself, its port or its bridge. */
  #touched({ Bridge = {}, Port = {}, Interface = {} }: Updates): Set<string> {
    const ports = Object.entries(Bridge).flatMap(([id, update]) =>
      update.delete === undefined ? references(update, 'ports') : [...(this.members.get(id) ?? [])],
    )
    const interfaces = Object.values(Port).flatMap((update) => references(update, 'interfaces'))
    const ofPorts = [...ports, ...Object.keys(Port)].flatMap((id) => this.ports.get(id)?.interfaces ?? [])
    return new Set([...Object.keys(Interface), ...interfaces, ...ofPorts])
  }

  #applyBridge(id: string, update: RowUpdate): RowChange<BridgeRow> {
    const members = this.members.get(id) ?? new Set()
    // A change names the ports that come and those that go; one that is there goes.
    for (const port of update.delete === undefined ? references(update, 'ports') : [...members])
      if (members.delete(port)) this.bridgesByPort.delete(port, id)
      else {
        members.add(port)
        this.bridgesByPort.add(port, id)
      }
    if (update.delete === undefined) this.members.set(id, members)
    else this.members.delete(id)
    const change = this.bridges.apply(id, update)
    if (change.before !== undefined) this.bridgesByName.delete(change.before.name, id)
    if (change.after !== undefined) this.bridgesByName.add(change.after.name, id)
    return change
  }

  #port(raw: RawRow): PortRow {
    const row = portRow(raw)
    if (raw['fake_bridge'] === true) this.fakeBridges.add(row)
    return row
  }

  #indexPort(id: string, { before, after }: RowChange<PortRow>): void {
    if (before !== undefined) this.portsByName.delete(before.name, id)
    for (const one of before?.interfaces ?? []) this.portsByInterface.delete(one, id)
    if (after !== undefined) this.portsByName.add(after.name, id)
    for (const one of after?.interfaces ?? []) this.portsByInterface.add(one, id)
  }

  #indexInterface(id: string, { before, after }: RowChange<InterfaceRow>): void {
    if (before !== undefined) this.interfacesByName.delete(before.name, id)
    if (after !== undefined) this.interfacesByName.add(after.name, id)
    // All of the old ones first: two pairs of a row may have one key.
    for (const pair of Object.entries(before?.externalIds ?? {})) this.interfacesByPair.delete(pairKey(...pair), id)
    for (const pair of Object.entries(after?.externalIds ?? {})) this.interfacesByPair.add(pairKey(...pair), id)
  }
}

/** The rows that an update names in a column of references. */
const references = (update: RowUpdate, column: string): readonly string[] =>
  setOf((update.initial ?? update.insert ?? update.modify)?.[column]).map(uuidOf)
