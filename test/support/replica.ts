// A replica beside a reader of the same database.
import { strict as assert } from 'node:assert'
import { setTimeout as sleep } from 'node:timers/promises'
import { run } from '../../src/lib/system/runner.ts'
import { OvsdbClient } from '../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { OvsReader, type InterfaceQuery, type OvsView, type PortOnBridge } from '../../src/lib/ovs/reader.ts'
import type { Changes } from '../../src/lib/ovs/replica-changes.ts'
import { OvsReplica } from '../../src/lib/ovs/replica.ts'

/** A replica and a reader of the database at a socket, and all that the replica told since. */
export interface Beside extends Disposable {
  readonly replica: OvsReplica
  readonly reader: OvsReader
  readonly changes: Changes[]
  /** `lost: why` and `back`, in their order among themselves. */
  readonly outages: string[]
}

export function beside(socket: string): Beside {
  const endpoint = parseEndpoint(`unix:${socket}`)
  const client = new OvsdbClient(endpoint)
  const replica = new OvsReplica(endpoint)
  const changes: Changes[] = []
  const outages: string[] = []
  replica.listen({
    changed: (change) => changes.push(change),
    lost: (error) => outages.push(`lost: ${error.message}`),
    back: () => outages.push('back'),
  })
  return {
    replica,
    reader: new OvsReader(client),
    changes,
    outages,
    [Symbol.dispose]() {
      replica[Symbol.dispose]()
      client[Symbol.dispose]()
    },
  }
}

/** Asks both everything that can be asked about what is there, and some things about what is not. */
export async function sameAnswers(reader: OvsView, replica: OvsView): Promise<void> {
  const all = await reader.everything()
  assert.deepEqual(sorted(await replica.everything()), sorted(all))
  assert.deepEqual(byUuid(await replica.bridges()), byUuid(await reader.bridges()))
  const rows = all.map((where) => where.interface)
  const queries = rows.flatMap(questionsAbout)
  const more: InterfaceQuery[] = [
    {},
    { has: {} },
    { lacks: {} },
    { name: 'none' },
    { type: 'internal' },
    { type: 'vxlan' },
    { has: { none: 'none' } },
  ]
  const [asked, answered] = await Promise.all(
    [reader, replica].map(async (view) => (await view.interfaces([...queries, ...more])).map(byUuid)),
  )
  assert.deepEqual(answered, asked)
  assert.deepEqual(await replica.locate(rows), await reader.locate(rows))
  const names = ['none', ...new Set(all.flatMap(({ port, bridge }) => [port.name, bridge.name]))]
  for (const name of names) {
    assert.deepEqual(await replica.bridge(name), await reader.bridge(name))
    assert.deepEqual(await replica.fakeBridge(name), await reader.fakeBridge(name))
    assert.deepEqual([...(await replica.portsOf(name))].sort(), [...(await reader.portsOf(name))].sort())
  }
}

function questionsAbout({ name, externalIds: ids }: PortOnBridge['interface']): InterfaceQuery[] {
  const pairs = Object.entries(ids).map(([key, value]) => ({ [key]: value }))
  return [
    { name },
    { name, has: ids },
    { name, lacks: ids },
    { has: ids },
    { lacks: ids },
    ...pairs.flatMap((pair) => [{ has: pair }, { lacks: pair }, { has: pair, lacks: ids }, { has: ids, lacks: pair }]),
    ...Object.keys(ids).map((key) => ({ has: { ...ids, [key]: 'another' } })),
  ]
}

const byUuid = <Row extends { readonly uuid: string }>(rows: readonly Row[]): readonly Row[] =>
  rows.toSorted((a, b) => (a.uuid < b.uuid ? -1 : 1))

/** By bridge, port and interface. Answers about everything come in the order of the server's hashes. */
export const sorted = (all: readonly PortOnBridge[]): readonly PortOnBridge[] => {
  const key = ({ bridge, port, interface: row }: PortOnBridge) => `${bridge.uuid} ${port.uuid} ${row.uuid}`
  return all.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}

/** Changes in words, sorted: `+name`, `-name` and `~name` of interfaces, then of bridges with `br:` before the name. */
export function inWords(changes: readonly Changes[]): readonly string[] {
  const word = (before: string | undefined, after: string | undefined): string =>
    before === undefined ? `+${after}` : after === undefined ? `-${before}` : `~${after}`
  return changes.flatMap(({ interfaces, bridges }) => [
    ...interfaces.map(({ before, after }) => word(before?.interface.name, after?.interface.name)).sort(),
    ...bridges.map(({ before, after }) => `br:${word(before?.name, after?.name)}`).sort(),
  ])
}

/** Waits until something is so; the tier's own limit ends it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await sleep(5)
}

/** Runs ovs-vsctl beside this process, which goes on reading meanwhile. */
export const vsctlOn = (socket: string, ...args: string[]): Promise<unknown> =>
  run({ tool: 'ovs-vsctl', args: [`--db=unix:${socket}`, ...args] })
