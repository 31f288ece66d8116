import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type NetConnectOpts, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { OvsdError } from '../../../src/lib/errors.ts'
import { serve, type Health, type Served } from '../../../src/lib/watch/http.ts'
import type { ListenAddress } from '../../../src/lib/watch/listen-address.ts'
import { createMetrics } from '../../../src/lib/watch/metrics.ts'
import { parsePrometheus } from '../../support/prometheus.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

interface Reply {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** One request over a connection of its own. */
async function ask(to: ListenAddress, path: string, method = 'GET', sent = ''): Promise<Reply> {
  const where = to.path === undefined ? { host: to.host, port: to.port } : { socketPath: to.path }
  const asking = request({ ...where, path, method, agent: false })
  asking.end(sent)
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  let body = ''
  for await (const chunk of answer.setEncoding('utf8')) body += String(chunk)
  return { status: answer.statusCode ?? 0, headers: answer.headers, body }
}

/** A port of the loopback that nobody uses. */
async function freePort(host = '127.0.0.1'): Promise<ListenAddress> {
  const server = createServer().listen({ host, port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return { text: `${host}:${port}`, host, port }
}

const unixSocket = (path: string): ListenAddress => ({ text: `unix:${path}`, path })
const optionsOf = (to: ListenAddress): NetConnectOpts =>
  to.path === undefined ? { host: to.host, port: to.port } : { path: to.path }

const OK: Health = { ok: true, reasons: [] }
const metrics = createMetrics('1.2.3')
const both = (address: ListenAddress, health = () => OK): Served => ({
  metrics: { address, from: metrics },
  health: { address, from: health },
})

/** Sends bytes as they are, and gives all that comes until the connection ends. */
async function send(to: ListenAddress, bytes: string): Promise<string> {
  const socket = connect(optionsOf(to))
  socket.on('error', () => undefined)
  socket.write(bytes)
  let said = ''
  for await (const chunk of socket.setEncoding('utf8')) said += String(chunk)
  return said
}

describe('the server of metrics and health', function () {
  this.timeout(20_000)
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = temporaryFolder()
  })
  afterEach(() => {
    folder[Symbol.dispose]()
  })

  const places: Readonly<Record<string, () => Promise<ListenAddress>>> = {
    '127.0.0.1': () => freePort(),
    '::1': () => freePort('::1'),
    'a unix socket': () => Promise.resolve(unixSocket(join(folder.path, 'metrics.sock'))),
  }
  for (const [title, place] of Object.entries(places)) {
    it(`serves both over ${title}`, async () => {
      const address = await place()
      await using _server = await serve(both(address))
      const page = await ask(address, '/metrics')
      assert.equal(page.status, 200)
      assert.equal(page.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8')
      assert.ok(parsePrometheus(page.body).has('ovsd_build_info'))
      const health = await ask(address, '/healthz?verbose')
      assert.deepEqual([health.status, health.body], [200, 'ok\n'])
      assert.equal(health.headers.connection, 'close')
    })
  }

  it('has metrics at their own address only, and health at both', async () => {
    const [one, other] = [unixSocket(join(folder.path, 'm')), unixSocket(join(folder.path, 'h'))]
    await using _server = await serve({
      metrics: { address: one, from: metrics },
      health: { address: other, from: () => OK },
    })
    const seen = [ask(one, '/metrics'), ask(one, '/healthz'), ask(other, '/metrics'), ask(other, '/healthz')]
    assert.deepEqual(
      (await Promise.all(seen)).map(({ status }) => status),
      [200, 200, 404, 200],
    )
  })

  it('has health where metrics are when it has no address of its own', async () => {
    const address = unixSocket(join(folder.path, 'm'))
    const health = { address: undefined, from: () => OK }
    await using _server = await serve({ metrics: { address, from: metrics }, health })
    assert.equal((await ask(address, '/healthz')).body, 'ok\n')
  })

  it('says what is wrong, a line each', async () => {
    const address = unixSocket(join(folder.path, 's'))
    const reasons = ['The database does not answer.', 'events\nok\u001B[2J']
    await using _server = await serve({ health: { address, from: () => ({ ok: false, reasons }) } })
    const { status, body } = await ask(address, '/healthz')
    assert.deepEqual([status, body], [503, 'The database does not answer.\nevents\uFFFDok\uFFFD[2J\n'])
  })

  it('answers HEAD without a body, other paths with 404, other methods with 405', async () => {
    const address = unixSocket(join(folder.path, 's'))
    await using _server = await serve(both(address))
    const head = await ask(address, '/healthz', 'HEAD')
    assert.deepEqual([head.status, head.headers['content-length'], head.body], [200, '3', ''])
    for (const path of ['/', '/metrics/', '/healthz/..', '//metrics', '/%6detrics', '*'])
      assert.equal((await ask(address, path)).status, 404, path)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE']) {
      const { status, headers } = await ask(address, '/metrics', method)
      assert.deepEqual([status, headers.allow], [405, 'GET, HEAD'], method)
    }
    assert.equal(
      (await ask(address, '/metrics', 'POST', 'x'.repeat(100_000)).catch(() => ({ status: 405 }))).status,
      405,
    )
  })

  it('goes on when a page cannot be made', async () => {
    const address = unixSocket(join(folder.path, 's'))
    let calls = 0
    await using _server = await serve(
      both(address, () => {
        if (calls++ === 0) throw new Error('no')
        return OK
      }),
    )
    assert.equal((await ask(address, '/healthz')).status, 500)
    assert.equal((await ask(address, '/healthz')).status, 200)
  })

  it('goes on after what is no request, and refuses long headers', async () => {
    const address = unixSocket(join(folder.path, 's'))
    await using _server = await serve(both(address))
    assert.match(await send(address, 'SSH-2.0-OpenSSH\r\n\r\n'), /^HTTP\/1\.1 400 /)
    assert.match(await send(address, `GET /healthz HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`), /^HTTP\/1\.1 431 /)
    assert.equal(await send(address, 'CONNECT /healthz HTTP/1.1\r\nHost: x\r\n\r\n'), '')
    // Of two requests on one connection the first is answered.
    const two = await send(address, 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2))
    assert.equal(two.match(/^HTTP\/1\.1 200 OK/gm)?.length, 1)
    assert.equal((await ask(address, '/healthz')).status, 200)
  })

  it('has room for a few connections, and for others when those are gone', async () => {
    const address = await freePort()
    await using _server = await serve(both(address))
    const silent = Array.from({ length: 8 }, () => connect(optionsOf(address)))
    await Promise.all(silent.map((socket) => once(socket, 'connect')))
    await sleep(50)
    await assert.rejects(ask(address, '/healthz'))
    for (const socket of silent) socket.destroy()
    await sleep(50)
    assert.equal((await ask(address, '/healthz')).status, 200)
  })

  it('cuts off who needs 10 seconds for a request', async () => {
    const address = unixSocket(join(folder.path, 's'))
    await using _server = await serve(both(address))
    const slow = connect(optionsOf(address))
    slow.on('error', () => undefined)
    const begun = performance.now()
    slow.write('GET /healthz HTTP/1.1\r\n')
    // Each second a byte: never silent, never done.
    const drip = setInterval(() => slow.write('x'), 1000)
    slow.resume()
    // Not once(): it rejects when the last byte comes after the end.
    await new Promise((resolve) => slow.on('close', resolve))
    clearInterval(drip)
    const took = performance.now() - begun
    assert.ok(took > 9000 && took < 20_000, String(took))
  })

  it('ends at once, whoever is connected, and leaves no socket behind', async () => {
    const places = [await freePort(), unixSocket(join(folder.path, 's'))] as const
    const server = await serve({
      metrics: { address: places[0], from: metrics },
      health: { address: places[1], from: () => OK },
    })
    const sockets: Socket[] = places.flatMap((place) => [connect(optionsOf(place)), connect(optionsOf(place))])
    for (const socket of sockets) socket.on('error', () => undefined)
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    sockets[0]?.write('GET /metr')
    sockets[2]?.write('GET /heal')
    await sleep(50)
    const begun = performance.now()
    await server[Symbol.asyncDispose]()
    assert.ok(performance.now() - begun < 500)
    for (const place of places) await assert.rejects(ask(place, '/healthz'), /ECONNREFUSED|ENOENT/)
    for (const socket of sockets) socket.destroy()
    // What was released can be taken again.
    await (await serve(both(places[0])))[Symbol.asyncDispose]()
  })

  it('serves nothing when one of two addresses is taken', async () => {
    const free = unixSocket(join(folder.path, 's'))
    const taken = await freePort()
    await using _other = await serve({ health: { address: taken, from: () => OK } })
    const starting = serve({ metrics: { address: free, from: metrics }, health: { address: taken, from: () => OK } })
    await assert.rejects(starting, (error) => {
      assert.ok(error instanceof OvsdError)
      assert.equal(error.code, 'ListenFailed')
      return true
    })
    await assert.rejects(ask(free, '/metrics'), /ENOENT/)
  })
})
