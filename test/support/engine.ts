// The daemons of the private host that we are in, to be killed and started again. Whoever does that starts them again
// before the next test. Docker and Open vSwitch come back with the options that lab/init.sh gave them.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { insidePrivateHost } from '../../lab/host.ts'
import { execa } from 'execa'
import { tool } from './tool.ts'

const ENGINE = '/run/docker.pid'
const DATABASE = '/run/openvswitch/ovsdb-server.pid'
const SWITCH = '/run/openvswitch/ovs-vswitchd.pid'

/** Whether the engine that ran last leaves containers alone when it ends. */
let liveRestore = false

/** Ends dockerd, and with it containerd. Containers go on running: who starts it decides what becomes of them. */
export async function killEngine(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
  const pid = pidIn(ENGINE)
  liveRestore = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes('--live-restore')
  await kill(ENGINE, signal)
  // The number in it may be another process by now, and dockerd would take that for itself.
  rmSync(ENGINE, { force: true })
}

/**
 * Starts dockerd and waits until it answers. With `liveRestore` (else as before) it finds the containers that still run;
 * without, it ends them.
 */
export function startEngine(options: { readonly liveRestore?: boolean } = {}): void {
  service('dockerd.sh', ...((options.liveRestore ?? liveRestore) ? ['--live-restore'] : []))
}

/** The same for who has something to do meanwhile: it does not answer before it has seen to its containers. */
export async function startingEngine(options: { readonly liveRestore?: boolean } = {}): Promise<void> {
  await execa('sh', [scriptOf('dockerd.sh'), ...((options.liveRestore ?? liveRestore) ? ['--live-restore'] : [])])
}

/** Kills ovsdb-server and ovs-vswitchd. Links between host and containers stay; bridges of the userspace datapath go. */
export async function killOvs(): Promise<void> {
  await kill(SWITCH, 'SIGKILL')
  await kill(DATABASE, 'SIGKILL')
}

/** Starts both again and waits until ovs-vswitchd has done what the database says; `emptied` begins with a new one. */
export function startOvs(options: { readonly emptied?: boolean } = {}): void {
  if (options.emptied === true) rmSync('/etc/openvswitch/conf.db')
  service('ovsdb-server.sh')
  service('ovs-vswitchd.sh')
  // Changes nothing, but waits for the switch as every change does.
  tool('ovs-vsctl', '--timeout=20', 'init')
}

/** `killOvs` and `startOvs`. */
export async function restartOvs(options: { readonly emptied?: boolean } = {}): Promise<void> {
  await killOvs()
  startOvs(options)
}

/** Until the end of the `using` block a daemon does not answer. */
export function silent(daemon: 'ovsdb-server' | 'ovs-vswitchd'): Disposable {
  const pid = pidIn(daemon === 'ovsdb-server' ? DATABASE : SWITCH)
  process.kill(pid, 'SIGSTOP')
  return { [Symbol.dispose]: () => void process.kill(pid, 'SIGCONT') }
}

function service(script: string, ...args: string[]): void {
  tool('sh', scriptOf(script), ...args)
}

const scriptOf = (name: string): string => fileURLToPath(new URL(`../../lab/services/${name}`, import.meta.url))

const pidIn = (file: string): number => Number(readFileSync(file, 'utf8'))

/** Sends a signal to the daemon of a PID file and waits until it is gone. */
async function kill(file: string, signal: NodeJS.Signals): Promise<void> {
  if (!insidePrivateHost()) throw new Error(`${file} is the machine's: run it through lab/run.ts`)
  const pid = pidIn(file)
  process.kill(pid, signal)
  for (let tries = 0; existsSync(`/proc/${pid}`); tries++) {
    if (tries === 1000) throw new Error(`process ${pid} of ${file} does not end`)
    await pause(20)
  }
}
