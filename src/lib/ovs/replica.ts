import type { Endpoint } from '../ovsdb/endpoint.ts'
import { LiveCopy, type ReplicaListener } from './replica-live.ts'
import type { FakeBridge, InterfaceQuery, OvsView, PortOnBridge } from './reader.ts'
import { bridgeNamed, everywhere, fakeBridgeNamed, interfacesMatching, onBridge } from './replica-answers.ts'
import type { BridgeRow, InterfaceRow } from './rows.ts'

/**
 * Answers like OvsReader, from a copy in memory. Each answer knows everything that was committed before it was asked for;
 * all that are asked for at one moment cost one round trip.
 */
export class OvsReplica implements OvsView, Disposable {
  readonly #live: LiveCopy

  constructor(endpoint: Endpoint, database?: string) {
    this.#live = new LiveCopy(endpoint, database)
  }

  /** `lost` as long as the database does not answer, `new` before it was asked. */
  get state(): 'new' | 'live' | 'lost' {
    return this.#live.state
  }

  /** Makes the copy now and not at the first question. When it fails, attempts go on all the same. */
  connect(): Promise<void> {
    return this.#live.connect()
  }

  /** Calls the listener from now on, until what is returned is disposed of. */
  listen(listener: ReplicaListener): Disposable {
    return this.#live.listen(listener)
  }

  async bridge(name: string): Promise<BridgeRow | undefined> {
    return bridgeNamed(await this.#live.upToDate(), name)
  }

  async bridges(): Promise<readonly BridgeRow[]> {
    const copy = await this.#live.upToDate()
    return [...copy.bridges.entries()].map(([, bridge]) => bridge)
  }

  async fakeBridge(name: string): Promise<FakeBridge | undefined> {
    return fakeBridgeNamed(await this.#live.upToDate(), name)
  }

  async interfaces(queries: readonly InterfaceQuery[]): Promise<readonly (readonly InterfaceRow[])[]> {
    const copy = await this.#live.upToDate()
    return queries.map((query) => interfacesMatching(copy, query))
  }

  async locate(interfaces: readonly InterfaceRow[]): Promise<readonly PortOnBridge[]> {
    const copy = await this.#live.upToDate()
    return interfaces.map((row) => copy.located(row)).filter((where) => where !== undefined)
  }

  async portsOf(bridge: string): Promise<readonly string[]> {
    const copy = await this.#live.upToDate()
    const row = bridgeNamed(copy, bridge)
    const ports = row === undefined ? [] : onBridge(copy, row)
    return ports.map(({ port }) => port.name).filter((name) => name !== bridge)
  }

  async everything(): Promise<readonly PortOnBridge[]> {
    return everywhere(await this.#live.upToDate())
  }

  [Symbol.dispose](): void {
    this.#live[Symbol.dispose]()
  }
}
