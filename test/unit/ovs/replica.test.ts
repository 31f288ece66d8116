// Moments that a real server cannot be brought to: answers, updates and the end of a connection in one piece.
import { strict as assert } from 'node:assert'
import { DatabaseUnreachable } from '../../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../../src/lib/ovsdb/endpoint.ts'
import { MessageSplitter } from '../../../src/lib/ovsdb/message-splitter.ts'
import { OvsReplica } from '../../../src/lib/ovs/replica.ts'
import { socketServer } from '../../support/socket-server.ts'

interface Request {
  readonly id: number
  readonly method: string
}
const reply = (id: number, result: unknown): string => JSON.stringify({ id, result, error: null })
const update = (name: string): string =>
  JSON.stringify({ id: null, method: 'update2', params: ['ovsd', { Bridge: { [name]: { insert: { name } } } }] })

/** A server; what `serve` gives for a request is sent as it is. */
const server = (serve: (request: Request, connection: number) => string) =>
  socketServer((socket, connection) => {
    const splitter = new MessageSplitter()
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      for (const text of splitter.push(chunk)) socket.write(serve(JSON.parse(text) as Request, connection))
    })
  })

const replicaOf = (at: { readonly path: string }) => new OvsReplica(parseEndpoint(`unix:${at.path}`))
const isUnreachable = (words: RegExp) => (error: unknown) =>
  error instanceof DatabaseUnreachable && words.test(error.message)

describe('OvsReplica', () => {
  it('contacts nothing before it is asked', async () => {
    await using at = await server(() => '')
    using replica = replicaOf(at)
    await new Promise(setImmediate)
    assert.deepEqual([replica.state, at.connections.length], ['new', 0])
  })

  it('takes in what changed between the first answer and its being read', async () => {
    await using at = await server(({ id, method }) => {
      if (method === 'transact') return reply(id, [])
      return method === 'monitor_cond' ? `${reply(id, {})}${update('br0')}${update('br1')}` : reply(id, {})
    })
    using replica = replicaOf(at)
    const told: unknown[] = []
    replica.listen({ changed: (changes) => told.push(changes) })
    await replica.connect()
    assert.deepEqual([(await replica.bridge('br0'))?.uuid, (await replica.bridge('br1'))?.uuid], ['br0', 'br1'])
    assert.deepEqual(told, [], 'what was there at the beginning')
  })

  it('is not taken in by answers that come together with the end of the connection', async () => {
    await using at = await server(({ id, method }, connection) => {
      if (method === 'transact') return reply(id, [])
      // What is no message makes the client hang up.
      return connection === 0 && method === 'monitor_cond' ? `${reply(id, {})}[]` : reply(id, {})
    })
    using replica = replicaOf(at)
    const heard: string[] = []
    replica.listen({ lost: () => heard.push('lost'), back: () => heard.push('back') })
    await assert.rejects(replica.bridge('br0'), isUnreachable(/the connection was closed/))
    while (heard.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    assert.deepEqual(heard, ['lost', 'back'])
    assert.equal(await replica.bridge('br0'), undefined)
  })

  it('says that what answers is no database, and goes on trying', async () => {
    for (const nonsense of [null, [], 5, 'x']) {
      await using at = await server(({ id }) => reply(id, nonsense))
      using replica = replicaOf(at)
      await assert.rejects(replica.bridge('br0'), isUnreachable(/does not speak OVSDB/))
      assert.equal(replica.state, 'lost')
      while (at.connections.length < 2) await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })

  it('tells listeners before reads that see the same go on', async () => {
    await using at = await server(({ id, method }) =>
      method === 'transact' ? `${update('br0')}${reply(id, [])}` : reply(id, {}),
    )
    using replica = replicaOf(at)
    await replica.connect()
    const heard: string[] = []
    replica.listen({ changed: ({ bridges }) => heard.push(`changed ${bridges[0]?.after?.name ?? ''}`) })
    await replica.bridge('br0').then((row) => heard.push(`read ${row?.uuid ?? ''}`))
    assert.deepEqual(heard, ['changed br0', 'read br0'])
  })
})
