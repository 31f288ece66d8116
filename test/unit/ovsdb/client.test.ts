import { strict as assert } from 'node:assert'
import type { Socket } from 'node:net'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { OvsdError } from '../../../src/lib/errors.ts'
import { DatabaseUnreachable, OvsdbClient } from '../../../src/lib/ovsdb/client.ts'
import { parseEndpoint } from '../../../src/lib/ovsdb/endpoint.ts'
import { MessageSplitter } from '../../../src/lib/ovsdb/message-splitter.ts'
import { captured } from '../../support/captured.ts'
import { socketServer, temporaryFolder, type SocketServer } from '../../support/socket-server.ts'

interface Request {
  readonly id: number
  readonly method: string
  readonly params: readonly unknown[]
}

/** A server that hands over each request; what `serve` returns is sent as it is. */
const server = (serve: (request: Request, socket: Socket, connection: number) => string): Promise<SocketServer> =>
  socketServer((socket, connection) => {
    const splitter = new MessageSplitter()
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      for (const text of splitter.push(chunk)) socket.write(serve(JSON.parse(text) as Request, socket, connection))
    })
  })

const reply = (id: number, result: unknown, error: unknown = null): string => JSON.stringify({ id, result, error })
const rowsOf = (...names: string[]) => [{ rows: names.map((name) => ({ name })) }]
const client = (at: { path: string }) => new OvsdbClient(parseEndpoint(`unix:${at.path}`))
const SELECT = [{ table: 'Bridge', where: [], columns: ['name'] }]

async function unreachable(asking: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof DatabaseUnreachable, String(error))
    assert.match(error.message, why)
    assert.equal(error.status, 1)
    return true
  })
}

async function refusedWith(asking: Promise<unknown>, words: RegExp): Promise<void> {
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof OvsdError && error.code === 'DatabaseRefused', String(error))
    assert.match(error.message, words)
    return true
  })
}

describe('OvsdbClient', () => {
  it('connects when it is first asked something, and stays connected', async () => {
    await using at = await server(({ id }) => reply(id, rowsOf('br0')))
    using db = client(at)
    await turn()
    assert.equal(at.connections.length, 0)
    assert.deepEqual(await db.select(SELECT), [[{ name: 'br0' }]])
    assert.deepEqual(await db.select(SELECT), [[{ name: 'br0' }]])
    assert.equal(at.connections.length, 1)
  })

  it('asks for a transaction of selects', async () => {
    const asked: Request[] = []
    await using at = await server((request) => {
      asked.push(request)
      return reply(request.id, [{ rows: [] }, { rows: [] }])
    })
    using db = client(at)
    const where = [['name', '==', 'br0']]
    await db.select([...SELECT, { table: 'Port', where, columns: ['tag'] }])
    assert.deepEqual(asked, [
      {
        id: 0,
        method: 'transact',
        params: [
          'Open_vSwitch',
          { op: 'select', ...SELECT[0] },
          { op: 'select', table: 'Port', where, columns: ['tag'] },
        ],
      },
    ])
  })

  it('gives each question its own answer, in whatever order they come', async () => {
    const held: string[] = []
    await using at = await server(({ id }, socket) => {
      held.push(reply(id, rowsOf(`br${id}`)))
      if (held.length === 3) socket.write(held.reverse().join(''))
      return ''
    })
    using db = client(at)
    const answers = await Promise.all([1, 2, 3].map(() => db.select(SELECT)))
    assert.deepEqual(
      answers,
      [0, 1, 2].map((id) => [[{ name: `br${id}` }]]),
    )
  })

  it('understands answers cut in the middle of a character', async () => {
    await using at = await server(({ id }, socket) => {
      const bytes = Buffer.from(reply(id, rowsOf('眼{"')))
      const cut = bytes.indexOf('眼') + 1
      socket.write(bytes.subarray(0, cut))
      setImmediate(() => socket.write(bytes.subarray(cut)))
      return ''
    })
    using db = client(at)
    assert.deepEqual(await db.select(SELECT), [[{ name: '眼{"' }]])
  })

  it('answers an echo and takes it for nothing else', async () => {
    const echoes: unknown[] = []
    await using at = await socketServer((socket) => {
      socket.setEncoding('utf8')
      socket.on('data', (chunk: string) => {
        const message = JSON.parse(chunk) as Request
        if (message.method === 'transact') socket.write('{"id":0,"method":"echo","params":["hello"]}')
        else {
          echoes.push(message)
          socket.write(reply(0, rowsOf('br0')))
        }
      })
    })
    using db = client(at)
    assert.deepEqual(await db.select(SELECT), [[{ name: 'br0' }]])
    assert.deepEqual(echoes, [{ id: 0, result: ['hello'], error: null }])
  })

  it('ignores notifications and answers to nobody', async () => {
    await using at = await server(
      ({ id }) => `{"id":null,"method":"update","params":[]}${reply(77, rowsOf('x'))}${reply(id, rowsOf('br0'))}`,
    )
    using db = client(at)
    assert.deepEqual(await db.select(SELECT), [[{ name: 'br0' }]])
  })

  it('reports what the server refuses, in its words', async () => {
    const real = JSON.parse(captured('ovsdb/wrong-table').stdout) as unknown
    await using at = await server(({ id }) => reply(id, real))
    using db = client(at)
    await refusedWith(db.select(SELECT), /syntax error Parsing ovsdb operation 1 of 1 failed: No table named Brigde/)
  })

  it('reports an error of the protocol', async () => {
    await using at = await server(({ id }) => reply(id, null, { error: 'unknown database', details: 'no database' }))
    using db = client(at)
    await refusedWith(db.select(SELECT), /unknown database/)
  })

  it('takes an operation that was not reached for one without rows', async () => {
    await using at = await server(({ id }) => reply(id, [{ rows: [{ name: 'br0' }] }, null]))
    using db = client(at)
    assert.deepEqual(await db.select([...SELECT, ...SELECT]), [[{ name: 'br0' }], []])
  })

  it('says that there is no database, and where it looked', async () => {
    using folder = temporaryFolder()
    const path = `${folder.path}/none.sock`
    using db = client({ path })
    await unreachable(db.select(SELECT), new RegExp(`unix:${path} .*ENOENT`))
  })

  it('fails every open question when the server goes away, and connects anew for the next', async () => {
    await using at = await server(({ id }, socket, connection) => {
      if (connection > 0) return reply(id, rowsOf('br0'))
      if (id === 1) socket.destroy()
      return ''
    })
    using db = client(at)
    await Promise.all([
      unreachable(db.select(SELECT), /the connection was closed/),
      unreachable(db.select(SELECT), /the connection was closed/),
    ])
    assert.deepEqual(await db.select(SELECT), [[{ name: 'br0' }]])
    assert.equal(at.connections.length, 2)
  })

  it('hands over notifications in their place among the answers, and no echo', async () => {
    const heard: unknown[] = []
    await using at = await server(
      ({ id }) =>
        `{"id":null,"method":"update2","params":["m",{}]}{"id":0,"method":"echo","params":[]}${reply(id, rowsOf('br0'))}`,
    )
    using db = new OvsdbClient(parseEndpoint(`unix:${at.path}`), 'Open_vSwitch', {
      notified: (method, params) => heard.push(method, params),
      ended: (error) => heard.push(error.message),
    })
    await db.select(SELECT).then(() => heard.push('answer'))
    assert.deepEqual(heard, ['update2', ['m', {}], 'answer'])
  })

  it('says once that a connection ended, and why; not that none was there', async () => {
    await using at = await server(({ id }, socket, connection) => {
      if (connection > 0) return reply(id, rowsOf('br0'))
      // Nonsense, and behind it something that the connection has no say in any more.
      socket.write(`[]{"id":null,"method":"update2","params":[]}[]`)
      return ''
    })
    const heard: string[] = []
    using db = new OvsdbClient(parseEndpoint(`unix:${at.path}`), 'Open_vSwitch', {
      notified: (method) => heard.push(method),
      ended: (error) => heard.push(error.message.replace(/.*\((.*)\).*/, '$1')),
    })
    db.hangUp()
    assert.deepEqual(heard, [])
    await unreachable(db.select(SELECT), /does not speak OVSDB/)
    assert.deepEqual(heard, ['what answers there does not speak OVSDB'])
    assert.deepEqual(await db.select(SELECT), [[{ name: 'br0' }]])
    db.hangUp()
    db.hangUp()
    await turn()
    assert.deepEqual(heard.slice(1), ['closed'])
  })

  it('gives up after 10 s without an answer', async () => {
    await using at = await server(() => '')
    using db = client(at)
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      let ended = false
      const asking = unreachable(db.select(SELECT), /no answer within 10 s/).then(() => (ended = true))
      mock.timers.tick(9_999)
      await turn()
      assert.equal(ended, false)
      mock.timers.tick(1)
      // What arrived while nobody could look is read first.
      mock.timers.tick(100)
      await asking
    } finally {
      mock.timers.reset()
    }
  })

  it('fails open questions when it is closed, and lets the process end', async () => {
    await using at = await server(() => '')
    const db = client(at)
    const asking = unreachable(db.select(SELECT), /closed/)
    db[Symbol.dispose]()
    await asking
    db[Symbol.dispose]()
  })
})
