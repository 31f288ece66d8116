// A real podman inside a private host, with its Docker-compatible service, gone at the end of an `await using` block.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { execaSync } from 'execa'
import { insidePrivateHost } from '../../lab/host.ts'
import type { TestContainer } from './containers.ts'
import { tool } from './tool.ts'

export interface Podman extends AsyncDisposable {
  /** Path of the service's socket, and the same as --docker takes it. */
  readonly socket: string
  readonly endpoint: string
  /** Starts the service and waits until it listens. It ends `idle` seconds after its last request; 0 is never. */
  start(idle?: number): Promise<void>
  /** Ends the service as a kill does: the socket stays behind. */
  kill(): Promise<void>
  /** Waits until the service has ended by itself, and gives its exit status. */
  ended(): Promise<number | null>
  /** Runs podman and gives what it printed. */
  podman(...args: string[]): string
  /** Starts a sleeping busybox container without a network; `args` go to `podman run`. */
  container(...args: string[]): TestContainer
  /** The same of another image. */
  containerOf(image: string, ...args: string[]): TestContainer
}

/** Who podman runs as: a user's number for a rootless one. */
export interface PodmanOptions {
  readonly user?: number
}

let count = 0

/** Sets podman up with everything of it in one folder of the private host, and with an image `busybox`. No service yet. */
export function podman({ user }: PodmanOptions = {}): Podman {
  if (!insidePrivateHost()) throw new Error('podman would work on this machine itself: run it through lab/run.ts')
  const folder = mkdtempSync('/run/podman-')
  const env = settle(folder)
  const who = user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--']
  if (user !== undefined) tool('chown', '--recursive', `${user}:${user}`, folder)
  const run = (...args: string[]): string => {
    const [file = '', ...rest] = [...who, 'podman', ...args]
    return execaSync(file, rest, { env, cwd: folder, timeout: 30_000 }).stdout
  }
  importImage(folder, [...who, 'podman'], env)
  const containerOf = (image: string, ...args: string[]): TestContainer => {
    const name = `p${process.pid}-${count++}`
    const network = args.some((arg) => arg.startsWith('--network')) ? [] : ['--network=none']
    // Under the group of the private host, which is taken away with it. A user may not make any.
    const groups = user === undefined ? [`--cgroup-parent=/${process.env['OVSD_LAB'] ?? ''}`] : []
    const id = run('run', '--detach', `--name=${name}`, ...network, ...groups, ...args, image)
    return { name, id, [Symbol.dispose]: () => void run('rm', '--force', '--ignore', '--time=0', id) }
  }
  const socket = `${folder}/podman.sock`
  let service: ChildProcess | undefined
  return {
    socket,
    endpoint: `unix://${socket}`,
    podman: run,
    async start(idle = 0) {
      const [file, ...rest] = [...who, 'podman', 'system', 'service', `--time=${idle}`, `unix://${socket}`]
      service = spawn(file, rest, { env: { ...process.env, ...env }, cwd: folder, stdio: 'ignore' })
      while (!(await listens(socket))) {
        if (service.exitCode !== null) throw new Error(`podman system service: status ${service.exitCode}`)
        await pause(20)
      }
    },
    async kill() {
      if (service?.exitCode !== null || service.signalCode !== null) return
      service.kill('SIGKILL')
      await once(service, 'exit')
    },
    async ended() {
      if (service?.exitCode === null) await once(service, 'exit')
      return service?.exitCode ?? null
    },
    container: (...args) => containerOf('busybox', ...args),
    containerOf,
    async [Symbol.asyncDispose]() {
      run('rm', '--all', '--force', '--time=0')
      await this.kill()
      // Each container's conmon still cleans up after it, and a process holds the user namespace of a rootless podman.
      if (existsSync(`${folder}/tmp/pause.pid`)) process.kill(Number(readFileSync(`${folder}/tmp/pause.pid`, 'utf8')))
      while (execaSync('pgrep', ['--full', folder], { reject: false }).exitCode === 0) await pause(50)
      rmSync(folder, { recursive: true })
    },
  }
}

/** Writes podman's settings: all folders are inside `folder`. Gives the environment that makes podman read them. */
function settle(folder: string): Record<string, string> {
  mkdirSync(`${folder}/xdg`)
  // runc, because crun refuses the hybrid cgroups of some machines, among them those of older Debian kernels. Locks are
  // files: podman's own choice is /dev/shm, which the private host shares with the machine. A conmon group would be
  // left behind in the machine's cgroups.
  const engine = { cgroup_manager: 'cgroupfs', events_logger: 'file', runtime: 'runc', lock_type: 'file' }
  const folders = { static_dir: `${folder}/static`, tmp_dir: `${folder}/tmp`, volume_path: `${folder}/volumes` }
  writeFileSync(
    `${folder}/containers.conf`,
    `[containers]\ncgroups = "no-conmon"\n[engine]\n${settings({ ...engine, ...folders })}`,
  )
  const storage = { driver: 'vfs', graphroot: `${folder}/root`, runroot: `${folder}/runroot` }
  writeFileSync(`${folder}/storage.conf`, `[storage]\n${settings(storage)}`)
  return {
    CONTAINERS_CONF: `${folder}/containers.conf`,
    CONTAINERS_STORAGE_CONF: `${folder}/storage.conf`,
    HOME: folder,
    XDG_RUNTIME_DIR: `${folder}/xdg`,
  }
}

const settings = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([key, value]) => `${key} = "${value}"\n`)
    .join('')

/** As lab/image.sh does for Docker: the machine's static busybox is the whole image. */
function importImage(folder: string, command: readonly string[], env: Readonly<Record<string, string>>): void {
  const image = `${folder}/image`
  mkdirSync(`${image}/bin`, { recursive: true })
  copyFileSync(tool('which', 'busybox').trim(), `${image}/bin/busybox`)
  tool('tar', '--directory', image, '--owner=0', '--group=0', '--create', `--file=${folder}/image.tar`, '.')
  const [file, ...rest] = [...command, 'import', '--quiet', '--change']
  const sleeping = 'CMD ["/bin/busybox", "sleep", "100000"]'
  execaSync(file, [...rest, sleeping, `${folder}/image.tar`, 'busybox'], { env, cwd: folder, timeout: 30_000 })
}

async function listens(path: string): Promise<boolean> {
  if (!existsSync(path)) return false
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
