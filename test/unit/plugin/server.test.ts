// The server of the plugin on a real socket: what is no call is answered, and what hangs is ended.
import { strict as assert } from 'node:assert'
import { request, type Server } from 'node:http'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Refused } from '../../../src/lib/errors.ts'
import type { Method } from '../../../src/lib/plugin/router.ts'
import { pluginServer } from '../../../src/lib/plugin/server.ts'
import { isPassedOn, openSocket, parseSocket } from '../../../src/lib/plugin/socket.ts'
import { createLog } from '../../../src/lib/watch/log.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

interface Got {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  readonly connection: string | undefined
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
        resolve({ status: response.statusCode ?? 0, body, connection: response.headers.connection })
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
    server = pluginServer({ methods, log, limits: { work: 0.2, answer: 0.5 } })
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
    assert.equal((await call('NetworkDriver.Join', undefined, 'GET')).status, 405)
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

  it('takes a socket that was passed on to it, and to nobody else', () => {
    assert.equal(isPassedOn({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), true)
    assert.equal(isPassedOn({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7), false)
    assert.equal(isPassedOn({ LISTEN_PID: '7', LISTEN_FDS: '0' }, 7), false)
    assert.equal(isPassedOn({}, 7), false)
  })
})
