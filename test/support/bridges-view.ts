// A database that has bridges, VLAN bridges among them, and nothing else; told as ovsdb-server tells it.
import { MessageSplitter } from '../../src/lib/ovsdb/message-splitter.ts'
import { parseEndpoint } from '../../src/lib/ovsdb/endpoint.ts'
import { OvsReplica } from '../../src/lib/ovs/replica.ts'
import { socketServer } from './socket-server.ts'

/** A bridge: its external_ids, and the tags of its VLAN bridges by their names. */
export interface BridgeTold {
  readonly ids?: Readonly<Record<string, string>>
  readonly vlans?: Readonly<Record<string, number>>
}

export interface BridgesView extends AsyncDisposable {
  readonly ovs: OvsReplica
}

/** Opens the view that `watch` has, on a server which tells of these bridges. */
export async function bridgesView(bridges: Readonly<Record<string, BridgeTold>>): Promise<BridgesView> {
  const tables = { Bridge: bridgeRows(bridges), Port: portRows(bridges) }
  const server = await socketServer((socket) => {
    const splitter = new MessageSplitter()
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      for (const text of splitter.push(chunk)) {
        const { id, method } = JSON.parse(text) as { id: number; method: string }
        const result = method === 'monitor_cond' ? tables : method === 'transact' ? [] : {}
        socket.write(JSON.stringify({ id, result, error: null }))
      }
    })
  })
  const ovs = new OvsReplica(parseEndpoint(`unix:${server.path}`))
  return {
    ovs,
    async [Symbol.asyncDispose]() {
      ovs[Symbol.dispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}

type Bridges = Readonly<Record<string, BridgeTold>>

// The names are the UUIDs as well: a replica does not look into them.
const bridgeRows = (bridges: Bridges) =>
  Object.fromEntries(
    Object.entries(bridges).map(([name, { ids = {}, vlans = {} }]) => {
      const ports = ['set', Object.keys(vlans).map((port) => ['uuid', port])]
      return [name, { initial: { name, external_ids: ['map', Object.entries(ids)], ports } }]
    }),
  )

const portRows = (bridges: Bridges) =>
  Object.fromEntries(
    Object.values(bridges).flatMap(({ vlans = {} }) =>
      Object.entries(vlans).map(([name, tag]) => [name, { initial: { name, tag, fake_bridge: true } }]),
    ),
  )
