// A real Open vSwitch database on a socket of its own, without ovs-vswitchd: no root, and nothing of the machine's.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openHost, type Host } from '../../src/lib/host.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { socketServer, temporaryFolder, type SocketServer } from './socket-server.ts'

const SCHEMA = '/usr/share/openvswitch/vswitch.ovsschema'

/** Runs ovs-vsctl with --no-wait: there is no ovs-vswitchd that could apply what it wrote. */
export const withoutSwitch: Runner = (command, signal) =>
  run(command.tool === 'ovs-vsctl' ? { ...command, args: ['--no-wait', ...command.args] } : command, signal)

/** A running database. */
export interface TestDatabase extends AsyncDisposable {
  readonly socket: string
  /** A host of this database, and of the engine at a socket; its ovs-vsctl does not wait. */
  host(options?: { readonly docker?: string; readonly runner?: Runner }): Host
  /** Runs ovs-vsctl on it and gives what it printed; throws with its words when it fails. */
  vsctl(...args: readonly string[]): string
  stop(): Promise<void>
  start(): Promise<void>
}

// A test that fails half-way must neither keep mocha from ending nor leave a server behind.
const running = new Set<ChildProcess>()
process.once('exit', () => {
  for (const server of running) server.kill('SIGKILL')
})

function tool(name: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8', timeout: 60_000 })
  if (status !== 0) throw new Error(`${name} ${args.join(' ').slice(0, 300)}: status ${status}: ${stderr}${stdout}`)
  return stdout.trimEnd()
}

/** Starts an empty database. */
export async function testDatabase(): Promise<TestDatabase> {
  const folder = temporaryFolder()
  const path = (name: string): string => join(folder.path, name)
  const socket = path('db.sock')
  tool('ovsdb-tool', 'create', path('conf.db'), SCHEMA)
  let server: ChildProcess | undefined
  const database: TestDatabase = {
    socket,
    host: ({ docker = path('no-engine.sock'), runner = withoutSwitch } = {}) =>
      openHost({ db: `unix:${socket}`, docker: `unix://${docker}`, runner }),
    vsctl: (...args) => tool('ovs-vsctl', '--no-wait', `--db=unix:${socket}`, ...args),
    async start() {
      const remotes = [`--remote=punix:${socket}`, '--remote=db:Open_vSwitch,Open_vSwitch,manager_options']
      // Its log file would be in a folder of the system's.
      const quiet = ['-vfile:off', '-vsyslog:off', '-vconsole:off']
      server = spawn('ovsdb-server', [path('conf.db'), ...remotes, `--unixctl=${path('ctl')}`, ...quiet], {
        stdio: 'ignore',
      })
      server.unref()
      running.add(server)
      while (!(await answers(socket))) {
        if (server.exitCode !== null) throw new Error(`ovsdb-server ended with status ${server.exitCode}`)
        await sleep(10)
      }
    },
    async stop() {
      if (server?.exitCode !== null || server.signalCode !== null) return
      server.kill('SIGKILL')
      await once(server, 'exit')
      running.delete(server)
    },
    async [Symbol.asyncDispose]() {
      await database.stop()
      folder[Symbol.dispose]()
    },
  }
  await database.start()
  database.vsctl('init')
  return database
}

function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(path)
  socket.once('connect', () => {
    resolve(true)
  })
  socket.once('error', () => {
    resolve(false)
  })
  return promise.finally(() => socket.destroy())
}

/** A relay between a client and the database that counts what passes. */
export interface Relay extends SocketServer {
  /** Bytes that the database sent since the last call. */
  received(): number
  /** What the client has sent so far. */
  sent(): string
}

/** Starts a relay in front of a database. */
export async function relayTo(socket: string): Promise<Relay> {
  let received = 0
  let sent = ''
  const server = await socketServer((near) => {
    const far: Socket = connect(socket)
    near.on('data', (chunk: Buffer) => (sent += chunk.toString()))
    far.on('data', (chunk: Buffer) => (received += chunk.length))
    near.pipe(far)
    far.pipe(near)
    far.on('error', () => near.destroy())
    near.on('close', () => far.destroy())
    far.on('close', () => near.destroy())
  })
  return {
    ...server,
    sent: () => sent,
    received() {
      const count = received
      received = 0
      return count
    },
  }
}
