import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { mock } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { parseDockerHost } from '../../../src/lib/docker/endpoint.ts'
import { DockerUnreachable, get, type HttpAnswer } from '../../../src/lib/docker/http.ts'
import { capturedBytes } from '../../support/captured.ts'
import { dockerReplay, recorded, whole, type Answer } from '../../support/docker-replay.ts'
import { socketServer, temporaryFolder } from '../../support/socket-server.ts'

const at = (path: string) => parseDockerHost(`unix://${path}`)

async function ask(answer: Answer): Promise<HttpAnswer> {
  await using server = await dockerReplay({ '/x': answer })
  return await get(at(server.path), '/x')
}

async function unreachable(asking: Promise<unknown>, why: RegExp): Promise<void> {
  await assert.rejects(asking, (error) => {
    assert.ok(error instanceof DockerUnreachable, String(error))
    assert.match(error.message, why)
    assert.match(error.next ?? '', /systemctl start docker/)
    return true
  })
}

/** Sends bytes one piece after the other, each as a packet of its own. */
const pieces = (bytes: Buffer, size: number): Answer => {
  const send = async (socket: Socket): Promise<void> => {
    for (let i = 0; i < bytes.length; i += size) {
      socket.write(bytes.subarray(i, i + size))
      await turn()
    }
    socket.end()
  }
  return (socket) => void send(socket)
}

describe('get', () => {
  it('gives status and body of a real answer', async () => {
    const { status, body } = await ask(recorded('inspect-missing'))
    assert.equal(status, 404)
    assert.deepEqual(JSON.parse(body), { message: 'No such container: nobody' })
  })

  it('asks in a way that is answered in one piece, and names no API version', async () => {
    await using server = await dockerReplay({ '/containers/json?all=1': recorded('list') })
    await get(at(server.path), '/containers/json?all=1')
    assert.deepEqual(server.asked, ['GET /containers/json?all=1 HTTP/1.0'])
  })

  it('puts together what comes in pieces, cut at every byte', async () => {
    const bytes = Buffer.from('HTTP/1.1 200 OK\r\nServer: x\r\n\r\n{"Name":"/wäb 眼"}')
    for (let cut = 1; cut < bytes.length; cut++) {
      const { status, body } = await ask((socket) => {
        socket.write(bytes.subarray(0, cut))
        setImmediate(() => socket.end(bytes.subarray(cut)))
      })
      assert.deepEqual([status, body], [200, '{"Name":"/wäb 眼"}'], `cut at ${cut}`)
    }
  })

  it('takes a long answer that comes slowly', async () => {
    const bytes = capturedBytes('docker/list.http')
    const { body } = await ask(pieces(bytes, 97))
    assert.deepEqual(JSON.parse(body), JSON.parse(bytes.toString().split('\r\n\r\n')[1] ?? ''))
  })

  it('takes an answer of megabytes', async () => {
    const text = JSON.stringify('x'.repeat(5_000_000))
    assert.equal((await ask(whole(`HTTP/1.0 200 OK\r\n\r\n${text}`))).body, text)
  })

  it('takes an empty body', async () => {
    assert.deepEqual(await ask(whole('HTTP/1.0 204 No Content\r\n\r\n')), { status: 204, body: '' })
  })

  const garbage: Readonly<Record<string, string>> = {
    'nothing at all': '',
    'half a status line': 'HTTP/1.',
    'headers without an end': 'HTTP/1.0 200 OK\r\nServer: x\r\n',
    'another protocol': 'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'HTTP/2': 'HTTP/2 200\r\n\r\n',
  }
  for (const [title, text] of Object.entries(garbage))
    it(`calls ${title} no answer`, async () => {
      await unreachable(ask(whole(text)), /its answer is not HTTP/)
    })

  it('says why there is no connection', async () => {
    using folder = temporaryFolder()
    await unreachable(get(at(`${folder.path}/none`), '/x'), /ENOENT/)
  })

  it('reports a connection that is cut off', async () => {
    await unreachable(
      ask((socket) => socket.destroy()),
      /its answer is not HTTP/,
    )
  })

  it('gives up after 10 s of silence, and leaves no connection behind', async () => {
    await using server = await socketServer(() => undefined)
    mock.timers.enable({ apis: ['setTimeout'] })
    try {
      const asking = unreachable(get(at(server.path), '/x'), /no answer within 10 s/)
      while (server.connections.length === 0) await turn()
      const closed = once(server.connections[0] ?? assert.fail(), 'close')
      server.connections[0]?.resume()
      mock.timers.tick(9_999)
      await turn()
      assert.equal(server.connections[0]?.closed, false)
      mock.timers.tick(1)
      // What arrived while nobody could look is read first.
      mock.timers.tick(100)
      await asking
      await closed
    } finally {
      mock.timers.reset()
    }
  })
})
