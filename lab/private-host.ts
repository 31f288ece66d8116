// Private hosts: a network, mount, process and host-name namespace with Open vSwitch and Docker of its own. Nothing in it
// can reach the machine's network, and nothing of it stays behind.
import { spawn, type StdioOptions } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { bootReport, type Boot, type Keeper } from './boot.ts'
import { privateEnvironment } from './environment.ts'
import type { Host } from './host.ts'
import { ended, run } from './process.ts'

/** What to start: only the database, Open vSwitch, or Open vSwitch and Docker. */
export type Services = 'db' | 'ovs' | 'docker'

/** Settings of a private host: its services (all), and whether containers survive the end of dockerd (no). */
export interface HostOptions {
  services?: Services
  liveRestore?: boolean
}

/** A private host. It ends with `stop`, at the end of an `await using` block, or with this process, however that ends. */
export interface PrivateHost extends Host, AsyncDisposable {
  /** Name of the host, and of its cgroups. */
  readonly id: string
  /** Its first process, by the number that it has outside: `/proc/PID/root` shows its files, `/proc/PID/ns` its namespaces. */
  readonly pid: number
  /** Ends the host and waits until nothing is left of it. May be called again. Throws if something was left. */
  stop(): Promise<void>
}

// The root too: it is not that of the namespace when the tests run in a chroot, as package builders do.
const namespaces = ['--mount', '--net', '--uts', '--pid', '--root']
const bootLimit = 60_000

/**
 * Starts a private host and waits until its services answer. Needs root, /dev/net/tun and the packages of
 * `scripts/setup.sh lab`. Throws, with the messages of what failed, when it does not get ready within a minute.
 */
export async function startHost(options: HostOptions = {}): Promise<PrivateHost> {
  const { services = 'docker', liveRestore = false } = options
  if (process.getuid?.() !== 0) throw new Error('a private host needs root: run it with sudo')
  // A host inside a host is named for both, so that the end of the outer one takes the groups of the inner one along.
  const id = `${process.env['OVSD_LAB'] ?? 'ovsd-lab'}-${process.pid}${randomBytes(3).toString('hex')}`
  const env = privateEnvironment(id)
  const script = fileURLToPath(new URL('keeper.sh', import.meta.url))
  const args = [script, services, ...(liveRestore ? ['--live-restore'] : [])]
  // Detached from the terminal: Ctrl-C must reach us and not the keeper, which still has to clean up.
  const stdio: StdioOptions = ['pipe', 'ignore', 'pipe', 'pipe']
  const keeper = spawn('sh', args, { detached: true, env, cwd: '/', stdio }) as Keeper
  keeper.stdin.on('error', () => undefined)
  const boot = await bootReport(keeper, bootLimit)
  letGo(keeper)
  return privateHost(id, boot, keeper, env)
}

/** A host that nobody stopped must not keep Node from ending: its end is what stops the host. */
function letGo(keeper: Keeper): void {
  keeper.unref()
  for (const stream of keeper.stdio) (stream as { unref?: () => void } | null)?.unref?.()
}

function privateHost(id: string, boot: Boot, keeper: Keeper, env: NodeJS.ProcessEnv): PrivateHost {
  const enter = (argv: readonly string[], cwd = process.cwd()) => {
    return ['nsenter', '--target', String(boot.pid), ...namespaces, `--wdns=${cwd}`, '--', ...argv]
  }
  let stopped: Promise<void> | undefined
  const stop = async () => {
    keeper.ref()
    keeper.stdin.end()
    const status = await ended(keeper)
    if (status !== 0) throw new Error(`private host ${id} did not end cleanly (${status}): ${boot.complaints()}`)
  }
  return {
    id,
    pid: boot.pid,
    exec(argv, { cwd, ...options } = {}) {
      return run(enter(argv, cwd), { ...options, env: { ...env, ...options.env } as Record<string, string> })
    },
    spawn(argv, { cwd, ...options } = {}) {
      const [command = '', ...rest] = enter(argv, cwd?.toString())
      return spawn(command, rest, { ...options, env: { ...env, ...options.env } })
    },
    stop: () => (stopped ??= stop()),
    [Symbol.asyncDispose]: () => (stopped ??= stop()),
  }
}
