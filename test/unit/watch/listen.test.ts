import { strict as assert } from 'node:assert'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, lstatSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { OvsdError } from '../../../src/lib/errors.ts'
import { listen } from '../../../src/lib/watch/listen.ts'
import { temporaryFolder, type TemporaryFolder } from '../../support/socket-server.ts'

const at = (path: string) => ({ text: `unix:${path}`, path })

/** Asserts that listening fails, in words that fit all of `words`. */
async function fails(listening: Promise<void>, ...words: readonly RegExp[]): Promise<void> {
  await assert.rejects(listening, (error) => {
    assert.ok(error instanceof OvsdError, String(error))
    assert.deepEqual([error.code, error.status], ['ListenFailed', 1])
    for (const word of words) assert.match(`${error.message}\n${error.next ?? ''}`, word)
    return true
  })
}

/** Leaves a socket file at `path` that nobody listens to: its process was killed. */
async function leaveStale(path: string): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => console.log('bound'))`
  const child = spawn(process.execPath, ['--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.ok(lstatSync(path).isSocket())
}

/** Connects, and goes again. */
async function connected(path: string): Promise<void> {
  const socket = connect({ path })
  await once(socket, 'connect')
  socket.destroy()
}

describe('listen', function () {
  this.timeout(20_000)
  let folder: TemporaryFolder
  let path: string
  const servers: Server[] = []
  /** A server that ends with the test. */
  const server = (): Server => {
    const one = createServer()
    servers.push(one)
    return one
  }
  beforeEach(() => {
    folder = temporaryFolder()
    path = join(folder.path, 'x.sock')
  })
  afterEach(() => {
    for (const one of servers.splice(0)) one.close()
    folder[Symbol.dispose]()
  })

  it('makes a socket for its owner alone, and leaves the mask as it was', async () => {
    const before = process.umask(0o022)
    try {
      await listen(server(), at(path))
      assert.equal(lstatSync(path).mode & 0o7777, 0o600)
      assert.equal(process.umask(0o022), 0o022)
    } finally {
      process.umask(before)
    }
  })

  it('lets one of several have it that start at once where a dead one was', async () => {
    await leaveStale(path)
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, () => listen(server(), at(path))))
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
    const reasons = outcomes.flatMap((one) => (one.status === 'rejected' ? String(one.reason) : []))
    for (const reason of reasons) assert.match(reason, /another program listens there/)
    await connected(path)
  })

  it('replaces the socket of a dead process', async () => {
    await leaveStale(path)
    await assert.rejects(connected(path), /ECONNREFUSED/)
    await listen(server(), at(path))
    await connected(path)
  })

  it('refuses the socket of a living one, which goes on', async () => {
    const first = server()
    await listen(first, at(path))
    await fails(listen(server(), at(path)), /x\.sock/, /another program listens there/, /ss -xlp/)
    await connected(path)
  })

  it('refuses a stale socket of somebody else', async function () {
    if (process.geteuid?.() !== 0) this.skip()
    await leaveStale(path)
    chownSync(path, 65_534, 65_534)
    await fails(listen(server(), at(path)), /something else/)
    assert.ok(existsSync(path))
  })

  it('refuses a datagram socket', async () => {
    // Node has none; perl is on every Debian.
    const script = '$| = 1; socket S, AF_UNIX, SOCK_DGRAM, 0; bind S, sockaddr_un $ARGV[0]; print "bound"; <STDIN>'
    const child = spawn('perl', ['-MSocket', '-e', script, path], { stdio: ['pipe', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    try {
      await fails(listen(server(), at(path)), /something else/)
      assert.ok(existsSync(path))
    } finally {
      child.stdin.end()
      await once(child, 'exit')
    }
  })

  it('touches nothing else at that path', async () => {
    writeFileSync(path, 'mine')
    await fails(listen(server(), at(path)), /something else/, /ls -ld/)
    assert.equal(readFileSync(path, 'utf8'), 'mine')
    mkdirSync(join(folder.path, 'd'))
    await fails(listen(server(), at(join(folder.path, 'd'))), /something else/)
    // A link is not followed, wherever it leads.
    await leaveStale(join(folder.path, 'stale'))
    symlinkSync('stale', join(folder.path, 'link'))
    await fails(listen(server(), at(join(folder.path, 'link'))), /something else/)
    assert.ok(existsSync(join(folder.path, 'stale')))
  })

  it('names a folder that is missing', async () => {
    const deep = join(folder.path, 'no', 'x.sock')
    await fails(listen(server(), at(deep)), /the folder is missing/, new RegExp(`mkdir -m 0700 ${folder.path}/no\n?$`))
    await fails(listen(server(), at(join('/dev/null', 'x.sock'))), /ENOTDIR/)
  })

  it('names a port that is taken, and an address that is not here', async () => {
    const first = server()
    await listen(first, { text: '127.0.0.1:0', host: '127.0.0.1', port: 0 })
    const { port } = first.address() as AddressInfo
    const taken = { text: `127.0.0.1:${port}`, host: '127.0.0.1', port }
    await fails(listen(server(), taken), new RegExp(`127\\.0\\.0\\.1:${port}`), new RegExp(`ss -ltnp .*:${port}`))
    await fails(listen(server(), { text: '192.0.2.1:1', host: '192.0.2.1', port: 1 }), /192\.0\.2\.1:1/, /ip address/)
  })
})
