// The server of the plugin on a real socket: what is no call is answered, and what hangs is ended.
import { strict as assert } from 'node:assert'
import { request, type Server } from 'node:http'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Refused } from '../../../src/lib/errors.ts'
import type { Method } from '../../../src/lib/plugin/router.ts'
import type { CallInFlight, Calls, MethodCalls } from '../../../src/lib/plugin/calls.ts'
import { pluginServer } from '../../../src/lib/plugin/server.ts'
import { isPassedOn, openSocket, parseSocket } from '../../../src/lib/plugin/socket.ts'
import { createLog } from '../../../src/lib/watch/log.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

interface Got {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly connection: string | undefined
  readonly allow: string | undefined
}

describe('the server of the plugin', () => {
  let folder: TemporaryFolder
  let server: Server
  let path: string
  const lines: Record<string, unknown>[] = []
  /** What reached a method. */
  const seen: unknown[] = []
  let ended = ''

  const methods = new Map<string, Method>([
    ['Plugin.Activate', { isBare: true, answer: () => ({ Implements: ['NetworkDriver'] }) }],
    ['NetworkDriver.Join', { answer: (body) => (seen.push(body), { InterfaceName: { SrcName: 'a' } }) }],
    [
      'NetworkDriver.Leave',
      { answer: () => Promise.reject(new Refused('NetworkMissing', 'There is none.', { next: 'Look.' })) },
    ],
    [
      'NetworkDriver.Defect',
      {
        answer: () => {
          throw new TypeError('a defect')
        },
      },
    ],
    [
      'NetworkDriver.Hang',
      {
        answer: async (_, signal) => {
          signal.addEventListener('abort', () => (ended = (signal.reason as Error).name))
          return await new Promise<object>(() => undefined)
        },
      },
    ],
    [
      'NetworkDriver.Slow',
      {
        answer: async (_, signal) => {
          await pause(5000, undefined, { signal }).catch(() => undefined)
          throw signal.reason as Error
        },
      },
    ],
  ])

  const call = (name: string, text = '', verb = 'POST'): Promise<Got> => {
    const { promise, resolve, reject } = Promise.withResolvers<Got>()
    const asking = request({ socketPath: path, path: `/${name}`, method: verb }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => {
        const body = JSON.parse(Buffer.concat(parts).toString()) as Got['body']
        const { connection, allow } = response.headers
        resolve({ status: response.statusCode ?? 0, body, connection, allow })
      })
    })
    asking.on('error', reject)
    asking.end(text)
    return promise
  }

  before(async () => {
    folder = temporaryFolder()
    path = join(folder.path, 'ovsd.sock')
    const log = createLog({
      format: 'json',
      level: 'debug',
      write: (line) => void lines.push(JSON.parse(line) as never),
    })
    const state = (counted: Calls) => Promise.resolve({ calls: counted.methods, inFlight: counted.inFlight })
    server = pluginServer({ methods, log, limits: { work: 0.2, answer: 0.5 }, state })
    await openSocket(server, parseSocket(path), false)
  })
  after(() => {
    server.close()
    folder[Symbol.dispose]()
  })

  it('is for its owner alone', () => {
    assert.equal(statSync(path).mode & 0o777, 0o600)
  })

  it('answers a call, and keeps no connection', async () => {
    const { status, body, connection } = await call('NetworkDriver.Join', '{"NetworkID":"x","New":[1]}')
    assert.deepEqual([status, body, connection], [200, { InterfaceName: { SrcName: 'a' } }, 'close'])
    assert.deepEqual(seen.pop(), { NetworkID: 'x', New: [1] })
    assert.equal(lines.at(-1)?.['event'], 'call.answered')
  })

  it('is called without a body only where Docker does that', async () => {
    assert.deepEqual((await call('Plugin.Activate')).body, { Implements: ['NetworkDriver'] })
    for (const text of ['', ' \n', 'null', '[]', '"x"', '1', '{', '{"a":1}}']) {
      const { status, body } = await call('NetworkDriver.Join', text)
      assert.equal(status, 400, text)
      assert.match(String(body['Err']), text.trim() !== '' ? /is no JSON object/ : /body is empty/)
      assert.equal(body['Err'], body['Error'])
    }
    assert.equal((await call('Plugin.Activate', '{')).status, 400)
    assert.deepEqual(seen, [])
  })

  it('knows its methods, and how they are called', async () => {
    const unknown = await call('NetworkDriver.Nothing', '{}')
    assert.deepEqual(
      [unknown.status, /there is no "NetworkDriver.Nothing"/.test(String(unknown.body['Err']))],
      [404, true],
    )
    for (const verb of ['GET', 'PUT']) {
      const { status, allow } = await call('NetworkDriver.Join', undefined, verb)
      assert.deepEqual([status, allow], [405, 'POST'])
    }
    assert.equal((await call('__proto__', '{}')).status, 404)
  })

  it('refuses a body that is too big, when it has read it', async () => {
    const { status, body } = await call('NetworkDriver.Join', `{"a":"${'x'.repeat(5 << 20)}"}`)
    assert.equal(status, 413)
    assert.match(String(body['Err']), /more than 1048576 bytes/)
    assert.deepEqual(seen, [])
  })

  it('says what went wrong and what to do', async () => {
    const { status, body } = await call('NetworkDriver.Leave', '{}')
    assert.deepEqual([status, body['Err']], [500, 'There is none.\nLook.'])
    const { event, code, msg } = lines.at(-1) as Record<string, string>
    assert.deepEqual([event, code, msg], ['call.failed', 'NetworkMissing', 'NetworkDriver.Leave: There is none. Look.'])
    assert.match(String((await call('NetworkDriver.Defect', '{}')).body['Err']), /a defect/)
  })

  it('ends what takes too long, and answers also when that does not end', async () => {
    const slow = await call('NetworkDriver.Slow', '{}')
    assert.match(String(slow.body['Err']), /Not finished within 0.2 s/)
    const hung = await call('NetworkDriver.Hang', '{}')
    assert.match(String(hung.body['Err']), /Not finished within 0.5 s/)
    assert.equal(ended, 'TimedOut')
  })

  it('tells its state to a GET and to a POST, and counts what it was called for', async () => {
    interface State {
      readonly calls: readonly MethodCalls[]
      readonly inFlight: readonly CallInFlight[]
    }
    const stateBy = async (path_: string, verb: string): Promise<State> => {
      const { status, body } = await call(path_, undefined, verb)
      assert.equal(status, 200, `${verb} /${path_}`)
      return body as unknown as State
    }
    const counted = ({ calls }: State, name: string) => calls.find(({ method }) => method === name)
    const id = 'abcdef0123456789'.repeat(4)
    const before = await stateBy('NetworkDriver.Database', 'GET')
    await call('NetworkDriver.Join', '{}')
    await call('NetworkDriver.Leave', '{}')
    await call('NetworkDriver.Nothing', '{}')
    const asking = call('NetworkDriver.Slow', JSON.stringify({ NetworkID: id, EndpointID: `1${id.slice(1)}` }))
    await pause(50)
    const after = await stateBy('NetworkDriver.Database', 'POST')
    const more = (name: string) => (counted(after, name)?.count ?? 0) - (counted(before, name)?.count ?? 0)
    assert.deepEqual(
      ['NetworkDriver.Join', 'NetworkDriver.Leave', 'unknown', 'NetworkDriver.Slow', 'NetworkDriver.Database'].map(
        more,
      ),
      [1, 1, 1, 0, 0],
    )
    assert.deepEqual(
      [counted(after, 'NetworkDriver.Leave')?.failed, counted(after, 'NetworkDriver.Leave')?.count],
      [
        counted(after, 'NetworkDriver.Leave')?.count,
        more('NetworkDriver.Leave') + (counted(before, 'NetworkDriver.Leave')?.count ?? 0),
      ],
    )
    const slow = after.inFlight.find(({ method }) => method === 'NetworkDriver.Slow')
    assert.deepEqual([slow?.network, slow?.endpoint], ['abcdef012345', '1bcdef012345'])
    assert.ok((slow?.ms ?? 0) >= 40 && (slow?.ms ?? 0) < 200, String(slow?.ms))
    await asking
    const last = await stateBy('', 'GET')
    assert.equal(
      last.inFlight.some(({ method }) => method === 'NetworkDriver.Slow'),
      false,
    )
    const done = counted(last, 'NetworkDriver.Slow')
    assert.ok((done?.lastMs ?? 0) >= 190 && (done?.slowestMs ?? 0) >= (done?.lastMs ?? 0), JSON.stringify(done))
    assert.match(done?.lastAt ?? '', /^\d{4}-\d\d-\d\dT.*Z$/)
    // What never ends is seen for ever.
    assert.ok(last.inFlight.some(({ method }) => method === 'NetworkDriver.Hang'))
    const { status, allow } = await call('NetworkDriver.Database', undefined, 'DELETE')
    assert.deepEqual([status, allow], [405, 'GET, POST'])
  })

  it('writes down whom a call is about and what it asks, on one line', async () => {
    const [net, end] = ['a'.repeat(64), 'b'.repeat(64)]
    const body = {
      ...{ NetworkID: net, EndpointID: end, Interface: { Address: '10.0.0.2/24', AddressIPv6: '', MacAddress: '' } },
      Options: { 'com.docker.network.portmap': [], name: 'a\n\u001b[31mb\u2028c' },
    }
    await call('NetworkDriver.Join', JSON.stringify(body))
    const line = lines.at(-1) as Record<string, string>
    assert.deepEqual([line['network'], line['endpoint']], ['a'.repeat(12), 'b'.repeat(12)])
    assert.match(
      line['msg'] ?? '',
      /^NetworkDriver\.Join a{12} b{12}: \d+ ms: \{"Interface":\{"Address":"10\.0\.0\.2\/24"\},"Options":\{"name":"[^\p{Cc}\u2028]*"\}\}$/u,
    )
    assert.ok(!/\p{Cc}|\u2028/u.test(line['asked'] ?? ''))
    assert.equal(lines.at(-1)?.['msg']?.toString().includes(net), false)
    await call('NetworkDriver.Leave', JSON.stringify({ ...body, Options: { long: 'x'.repeat(5000) } }))
    const failed = lines.at(-1) as Record<string, string>
    assert.deepEqual(
      [failed['event'], failed['network'], failed['endpoint']],
      ['call.failed', 'a'.repeat(12), 'b'.repeat(12)],
    )
    assert.match(failed['msg'] ?? '', /^NetworkDriver\.Leave a{12} b{12}: There is none/)
    assert.ok((failed['asked'] ?? '').length < 700)
    const deep = `{"a":${'['.repeat(200_000)}1${']'.repeat(200_000)}}`
    assert.equal((await call('NetworkDriver.Join', deep)).status, 200)
    assert.match(String(lines.at(-1)?.['asked']), /^\{"a":\[+"…"\]+\}$/)
    await call('NetworkDriver.Leave', '{"NetworkID":7,"EndpointID":"../x"}')
    assert.deepEqual([lines.at(-1)?.['network'], lines.at(-1)?.['endpoint']], [undefined, undefined])
  })

  it('takes a socket that was passed on to it, and to nobody else', () => {
    assert.equal(isPassedOn({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), true)
    assert.equal(isPassedOn({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7), false)
    assert.equal(isPassedOn({ LISTEN_PID: '7', LISTEN_FDS: '0' }, 7), false)
    assert.equal(isPassedOn({}, 7), false)
  })
})
