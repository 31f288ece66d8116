// DHCP servers on a bridge, each in a namespace of its own.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execaSync } from 'execa'
import type { Saying } from './dhcp-process.ts'
import { bareNamespace } from './namespace.ts'
import { until } from './until.ts'
import { tool, toolIn } from './tool.ts'

export type { Saying }

/** Where all of these servers are. */
export const SERVER = '10.78.0.1'

export const hex = (...numbers: readonly number[]): string => Buffer.from(numbers).toString('hex')
export const ipHex = (address: string): string => hex(...address.split('.').map(Number))
export const seconds = (count: number): string => count.toString(16).padStart(8, '0')

/** What a good server says: a /24, itself as the router, and a lease of 30 seconds, the shortest that udhcpc knows: it asks again after 15. */
export const HONEST: Saying = {
  ...{ first: '10.78.0.20', server: SERVER },
  options: { 1: ipHex('255.255.255.0'), 3: ipHex(SERVER), 51: seconds(30) },
}

/** A packet that a server got. */
export interface Heard {
  readonly type: string
  readonly mac: string
  /** The address that the client says it has. */
  readonly client: string
  readonly name: string
  readonly id: string
  /** Milliseconds since 1970. */
  readonly at: number
}

export interface Station extends AsyncDisposable {
  readonly path: string
  /** Ends the server; its namespace stays. */
  stop(): Promise<void>
}

export interface DhcpServer extends Station {
  /** What came in so far; `types` leaves out others. */
  heard(...types: readonly string[]): readonly Heard[]
  say(saying: Partial<Saying>): void
}

let count = 0

/** A namespace with `SERVER` on a port of a bridge; what is to run there is for `start` to say. */
async function station(
  bridge: string,
  start: (path: string) => { readonly process: ChildProcess; readonly isReady: () => boolean },
  tag = 0,
): Promise<Station> {
  const namespace = bareNamespace()
  const { path } = namespace
  const link = `dhcps${String(count++)}`
  tool('ip', 'link', 'add', link, 'type', 'veth', 'peer', 'name', 's0', 'netns', namespace.name)
  tool('ip', 'link', 'set', link, 'addrgenmode', 'none', 'up')
  tool('ovs-vsctl', 'add-port', bridge, link, `tag=${String(tag)}`)
  toolIn(path, 'ethtool', '-K', 's0', 'tx', 'off')
  toolIn(path, 'ip', 'address', 'add', `${SERVER}/24`, 'dev', 's0')
  toolIn(path, 'ip', 'link', 'set', 's0', 'up')
  toolIn(path, 'ip', 'route', 'add', '255.255.255.255/32', 'dev', 's0')
  const { process: server, isReady } = start(path)
  const stop = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
  await until(isReady, 'the DHCP server to start')
  return {
    ...{ path, stop },
    async [Symbol.asyncDispose]() {
      await stop()
      tool('ovs-vsctl', '--if-exists', 'del-port', link)
      namespace[Symbol.dispose]()
    },
  }
}

/** Runs a program of a server in a namespace, with its output in a file. */
function inNamespace(path: string, output: string, ...command: readonly string[]): ChildProcess {
  const log = openSync(output, 'a')
  const server = spawn('nsenter', [`--net=${path}`, ...command], { stdio: ['ignore', log, log] })
  closeSync(log)
  return server
}

/** A server that says what it is told. */
export async function dhcpServer(bridge: string, saying: Partial<Saying> = {}, tag = 0): Promise<DhcpServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-dhcp-'))
  const log = join(folder, 'log')
  const file = join(folder, 'saying')
  const say = (what: Partial<Saying>): void => {
    writeFileSync(file, JSON.stringify({ ...HONEST, ...what }))
  }
  say(saying)
  const program = fileURLToPath(new URL('dhcp-process.ts', import.meta.url))
  const base = await station(
    bridge,
    (path) => ({
      process: inNamespace(path, log, process.execPath, program, file),
      isReady: () => readFileSync(log, 'utf8').includes('ready'),
    }),
    tag,
  )
  return {
    ...base,
    say,
    heard: (...types) =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{"type":"') && line.includes('"mac"'))
        .map((line) => JSON.parse(line) as Heard)
        .filter(({ type }) => types.length === 0 || types.includes(type)),
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** busybox's udhcpd, as many small networks have it. */
export interface Udhcpd extends Station {
  /** The addresses that it has given out, and that have neither expired nor been given back; by MAC. */
  leases(): ReadonlyMap<string, string>
}

/** Starts udhcpd; `settings` are lines of its file (udhcpd.conf). */
export async function udhcpd(bridge: string, ...settings: readonly string[]): Promise<Udhcpd> {
  const folder = mkdtempSync(join(tmpdir(), 'ovsd-udhcpd-'))
  const [file, leases, log] = ['conf', 'leases', 'log'].map((name) => join(folder, name)) as [string, string, string]
  const lines = [
    ...['start 10.78.0.50', 'end 10.78.0.99', 'max_leases 50', 'interface s0', `lease_file ${leases}`],
    ...[`pidfile ${join(folder, 'pid')}`, 'opt subnet 255.255.255.0', `opt router ${SERVER}`, 'auto_time 1'],
    ...settings,
  ]
  writeFileSync(file, `${lines.join('\n')}\n`)
  writeFileSync(leases, '')
  const base = await station(bridge, (path) => ({
    process: inNamespace(path, log, 'busybox', 'udhcpd', '-f', file),
    isReady: () => readFileSync(log, 'utf8').includes('started'),
  }))
  return {
    ...base,
    leases: () =>
      new Map(
        dumped(leases)
          .split('\n')
          .slice(1)
          .filter((line) => line !== '' && !line.includes('expired'))
          .map((line) => line.split(/\s+/))
          .map(([mac = '', ip = '']) => [mac, ip]),
      ),
    async [Symbol.asyncDispose]() {
      await base[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}

/** What dumpleases prints. udhcpd writes the file in place, and who reads it then has half of it ("short read"). */
function dumped(leases: string, tries = 20): string {
  const { exitCode, stdout, stderr } = execaSync('busybox', ['dumpleases', '-f', leases], { reject: false })
  if (exitCode === 0) return stdout
  if (tries === 0 || !stderr.includes('short read')) throw new Error(`dumpleases: ${stderr}`)
  tool('sleep', '0.05')
  return dumped(leases, tries - 1)
}
