import type { FakeBridge, InterfaceQuery, OvsView, PortOnBridge } from '../ovs/reader.ts'
import type { BridgeRow, InterfaceRow } from '../ovs/rows.ts'

type Ids = Readonly<Record<string, string>>

/**
 * The database as it will be once plans that were made before this one are carried out: bridges that they create, and what
 * they record there. So several can be planned at once, each beside the others. From `begun` on, and that is before the
 * first of them runs, it is the database as it is.
 */
export class FutureBridges implements OvsView {
  readonly #now: OvsView
  #planned = new Map<string, Ids>()

  constructor(now: OvsView) {
    this.#now = now
  }

  /** Takes into account that this will be recorded on a bridge, and that there will be such a bridge. */
  expect(bridge: string, pairs: Ids): void {
    this.#planned.set(bridge, { ...this.#planned.get(bridge), ...pairs })
  }

  begun(): void {
    this.#planned = new Map()
  }

  async bridge(name: string): Promise<BridgeRow | undefined> {
    return this.#withPlans(name, await this.#now.bridge(name))
  }

  async bridges(): Promise<readonly BridgeRow[]> {
    const rows = await this.#now.bridges()
    const made = [...this.#planned.keys()].filter((name) => !rows.some((row) => row.name === name))
    return [...rows.map(({ name }) => name), ...made].flatMap(
      (name) =>
        this.#withPlans(
          name,
          rows.find((row) => row.name === name),
        ) ?? [],
    )
  }

  #withPlans(name: string, row: BridgeRow | undefined): BridgeRow | undefined {
    const pairs = this.#planned.get(name)
    if (pairs === undefined) return row
    const { uuid = '', datapathType = 'system', externalIds = {} } = row ?? {}
    return { uuid, name, datapathType, externalIds: { ...externalIds, ...pairs } }
  }

  fakeBridge(name: string): Promise<FakeBridge | undefined> {
    return this.#now.fakeBridge(name)
  }

  interfaces(queries: readonly InterfaceQuery[]): Promise<readonly (readonly InterfaceRow[])[]> {
    return this.#now.interfaces(queries)
  }

  locate(interfaces: readonly InterfaceRow[]): Promise<readonly PortOnBridge[]> {
    return this.#now.locate(interfaces)
  }

  portsOf(bridge: string): Promise<readonly string[]> {
    return this.#now.portsOf(bridge)
  }

  everything(): Promise<readonly PortOnBridge[]> {
    return this.#now.everything()
  }
}
