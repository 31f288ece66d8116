import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { parseDockerHost } from '../../../src/lib/docker/endpoint.ts'
import { EventCutter } from '../../../src/lib/docker/event-cutter.ts'
import type { EngineEvent } from '../../../src/lib/docker/event.ts'
import { followEvents } from '../../../src/lib/docker/events.ts'
import { capturedBytes } from '../../support/captured.ts'
import { socketServer, temporaryFolder } from '../../support/socket-server.ts'

const at = (path: string) => parseDockerHost(`unix://${path}`)
const never = new AbortController().signal
const OK = 'HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n'
const A = 'ab'.repeat(32)

/** An event in the form that both engines use. */
const event = (Action: string, ID = A, more: object = {}): string =>
  JSON.stringify({ status: Action, id: ID, Type: 'container', Action, Actor: { ID, Attributes: {} }, ...more })

/** The first `count` events of what a server sends in answer, or all until it rejects. */
async function received(serve: (socket: Socket) => void, count = Infinity): Promise<EngineEvent[]> {
  await using server = await socketServer((socket) => void once(socket, 'data').then(() => serve(socket)))
  const found: EngineEvent[] = []
  for await (const one of await followEvents(at(server.path), never)) if (found.push(one) === count) break
  return found
}

/** Resolves when a connection is closed from the other side. */
const closing = (socket: Socket | undefined): Promise<void> =>
  new Promise((resolve) => socket?.resume().on('close', () => resolve()))

const sends = (text: string) => (socket: Socket) => void socket.write(text)
const ends = (text: string) => (socket: Socket) => void socket.end(text)
const refused = (words: RegExp) => ({ code: 'DockerRefused', message: words })
const unreachable = (words: RegExp) => ({ code: 'DockerUnreachable', message: words })

describe('followEvents', () => {
  it('asks for what happens to containers, in both engines’ words, as HTTP/1.0', async () => {
    await using server = await socketServer((socket) => socket.write(OK))
    using _events = await followEvents(at(server.path), never)
    const [request] = (await once(server.connections[0] ?? assert.fail(), 'data')) as [Buffer]
    const [line = ''] = request.toString().split('\r\n')
    const [, query = ''] = /^GET \/events\?filters=(\S+) HTTP\/1\.0$/.exec(line) ?? []
    assert.deepEqual(JSON.parse(decodeURIComponent(query)), {
      type: ['container'],
      event: ['start', 'die', 'died', 'destroy', 'remove', 'rename'],
    })
  })

  it('resolves when the header has come, before any event', async () => {
    let answer: (() => void) | undefined
    await using server = await socketServer((socket) => (answer = () => socket.write(OK)))
    let open = false
    const following = followEvents(at(server.path), never).then((events) => {
      open = true
      return events
    })
    while (answer === undefined) await turn()
    for (let turns = 0; turns < 20; turns++) await turn()
    assert.equal(open, false)
    answer()
    using events = await following
    const next = events[Symbol.asyncIterator]().next()
    server.connections[0]?.write(event('start'))
    assert.deepEqual(await next, { done: false, value: { id: A, action: 'start' } })
  })

  for (const engine of ['docker', 'podman'])
    it(`reads what ${engine} really sent, cut anywhere`, async () => {
      const bytes = capturedBytes(`${engine}/events.http`)
      const expected = ['start', 'rename', 'die', 'start', 'die', 'destroy']
      for (const size of [bytes.length, 1, 7, 100, 1000]) {
        const serve = async (socket: Socket): Promise<void> => {
          for (let i = 0; i < bytes.length; i += size) {
            socket.write(bytes.subarray(i, i + size))
            await turn()
          }
        }
        const found = await received((socket) => void serve(socket), expected.length)
        assert.deepEqual(
          found.map(({ action }) => action),
          expected,
        )
        assert.equal(new Set(found.map(({ id }) => id)).size, 1)
        assert.match(found[0]?.id ?? '', /^[0-9a-f]{64}$/)
      }
    })

  it('passes over what it did not ask for', async () => {
    const text = [
      event('exec_start: sh'),
      event('constructor'),
      event('start', 'br0', { Type: 'network' }),
      event('die'),
    ].join('\n')
    assert.deepEqual(await received(sends(OK + text), 1), [{ id: A, action: 'die' }])
  })

  it('does not look at attributes, whatever labels put there', async () => {
    const Attributes = { id: 'c'.repeat(64), Action: 'die', Type: 'network', x: '}{"\\\n' }
    const text = event('start', A, { Actor: { ID: A, Attributes } })
    assert.deepEqual(await received(sends(OK + text), 1), [{ id: A, action: 'start' }])
  })

  it('ends with the connection, after the events that came before', async () => {
    await assert.rejects(received(ends(OK + event('start'))), unreachable(/it closed the connection/))
    const before = await received(ends(`${OK}${event('start')}\n${event('die')}\n`), 2)
    assert.deepEqual(before.map(({ action }) => action), ['start', 'die']) // prettier-ignore
    await assert.rejects(
      received((socket) => {
        socket.write(OK)
        setImmediate(() => socket.destroy())
      }),
      unreachable(/closed the connection|ECONNRESET/),
    )
  })

  const garbage: Readonly<Record<string, string>> = {
    'a text': 'Too many connections\n',
    'a list': '[1]',
    'an object of another kind': '{"message":"no"}\n',
    'a text after an event': `${event('start')}\nbye`,
    'the length of a chunk': `1c8\r\n${event('start')}\r\n`,
    'a closing brace': '}',
    'an id that is none': event('start', '../x'),
    'an id in capitals': event('start', A.toUpperCase()),
    'half an id': event('start', A.slice(32)),
    '16 megabytes without an end': `{"x":"${'x'.repeat(17_000_000)}`,
  }
  for (const [title, text] of Object.entries(garbage))
    it(`rejects ${title}, and closes the connection`, async () => {
      await using server = await socketServer((socket) => socket.write(OK + text))
      const events = (await followEvents(at(server.path), never))[Symbol.asyncIterator]()
      const closed = closing(server.connections[0])
      await assert.rejects(events.next(), refused(/something else than events|speak its language|no container/))
      await closed
    })

  it('takes an event with many labels: they are part of it', async () => {
    const Attributes = { label: 'x'.repeat(500_000) }
    const found = await received(sends(OK + event('start', A, { Actor: { ID: A, Attributes } })), 1)
    assert.equal(found.length, 1)
  })

  it('passes on a refusal', async () => {
    const answer = 'HTTP/1.0 400 Bad Request\r\n\r\n{"message":"invalid filter"}'
    await assert.rejects(received(ends(answer)), refused(/report events: invalid filter \(HTTP 400\)/))
    await assert.rejects(received(sends(`HTTP/1.1 500 x\r\n\r\n${'x'.repeat(70_000)}`)), refused(/\(HTTP 500\)/))
  })

  it('reports what is no answer', async () => {
    await assert.rejects(received(ends('')), unreachable(/closed the connection/))
    await assert.rejects(received(ends('SSH-2.0-OpenSSH_9.2\r\n')), unreachable(/closed the connection/))
    await assert.rejects(received(sends('x'.repeat(70_000))), unreachable(/not HTTP/))
    using folder = temporaryFolder()
    await assert.rejects(followEvents(at(`${folder.path}/none`), never), unreachable(/ENOENT/))
  })

  it('gives up when no header comes within 10 s, and never afterwards', async () => {
    await using server = await socketServer(() => undefined)
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const asking = assert.rejects(followEvents(at(server.path), never), unreachable(/no answer within 10 s/))
      while (server.connections.length === 0) await turn()
      mock.timers.tick(10_000)
      mock.timers.tick(100)
      await asking

      await using talking = await socketServer((socket) => socket.write(OK))
      using events = await followEvents(at(talking.path), never)
      const next = events[Symbol.asyncIterator]().next()
      mock.timers.tick(86_400_000)
      talking.connections[0]?.write(event('start'))
      assert.equal((await next).done, false)
    } finally {
      mock.timers.reset()
    }
  })

  it('stops with the reason of its signal, at any time', async () => {
    const reason = new Error('enough')
    await assert.rejects(followEvents(at('/nowhere'), AbortSignal.abort(reason)), reason)
    await using silent = await socketServer(() => undefined)
    const early = new AbortController()
    const asking = assert.rejects(followEvents(at(silent.path), early.signal), reason)
    while (silent.connections.length === 0) await turn()
    early.abort(reason)
    await asking

    await using server = await socketServer((socket) => socket.write(OK))
    const late = new AbortController()
    const events = (await followEvents(at(server.path), late.signal))[Symbol.asyncIterator]()
    const waiting = assert.rejects(events.next(), reason)
    const closed = closing(server.connections[0])
    late.abort(reason)
    await waiting
    await closed
    assert.equal((await events.next()).done, true)
  })

  it('closes the connection when the loop is left, when it is disposed of, and by its signal while nobody asks', async () => {
    await using server = await socketServer((socket) => socket.write(`${OK}${event('start')}`))
    const stop = new AbortController()
    for await (const { action } of await followEvents(at(server.path), never)) if (action === 'start') break
    {
      using _events = await followEvents(at(server.path), never)
    }
    await followEvents(at(server.path), stop.signal)
    const closed = server.connections.map((socket) => closing(socket))
    stop.abort()
    await Promise.all(closed)
    assert.equal(closed.length, 3)
  })
})

describe('EventCutter', () => {
  it('cuts what comes glued together, or without a line end', () => {
    const cutter = new EventCutter()
    assert.equal(cutter.push(event('start') + event('die')).length, 2)
    assert.equal(cutter.push('\r\n\n').length, 0)
    assert.equal(cutter.push(event('start').slice(0, 20)).length, 0)
    assert.equal(cutter.push(`${event('start').slice(20)}\n{`).length, 1)
  })
})
