// Containers in a private host, over its docker command.
import { outputOf, type Host } from './host.ts'

/** What to run. Without settings: the busybox image, asleep, without a network, under a name that Docker invents. */
export interface ContainerOptions {
  name?: string
  labels?: Record<string, string>
  network?: string
  image?: string
  command?: readonly string[]
}

/** A running container. `pid` is that of its first process, as its host sees it. */
export interface Container {
  id: string
  name: string
  pid: number
}

/** The command line that starts a container in the background. */
export function runCommand(options: ContainerOptions = {}): string[] {
  const { name, labels = {}, network = 'none', image = 'busybox', command = [] } = options
  const naming = name === undefined ? [] : ['--name', name]
  const marks = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
  return ['docker', 'run', '--detach', ...naming, '--network', network, ...marks, image, ...command]
}

/** Starts a container and waits until it runs. Throws with Docker's words when it doesn't. */
export async function runContainer(host: Host, options: ContainerOptions = {}): Promise<Container> {
  const id = await outputOf(host, runCommand(options))
  const [name = '', pid] = (await inspect(host, id, '{{.Name}} {{.State.Pid}}')).split(' ')
  return { id, name: name.replace(/^\//, ''), pid: Number(pid) }
}

/** PID of a container's first process, by the container's name or id; 0 when it doesn't run. Throws when there is none. */
export async function containerPid(host: Host, container: string): Promise<number> {
  return Number(await inspect(host, container, '{{.State.Pid}}'))
}

/** Ends and removes containers, by name or id. Throws when one doesn't exist. */
export async function removeContainers(host: Host, ...containers: string[]): Promise<void> {
  await outputOf(host, ['docker', 'rm', '--force', '--volumes', ...containers])
}

/** `argv` as a command line that runs in the container's namespaces, with the container's own tools: as `docker exec`,
 *  but some 100 ms quicker. For its network alone and the host's tools, see `inNetworkOf`. */
export function inContainer(container: Pick<Container, 'pid'>, argv: readonly string[]): string[] {
  const all = ['--mount', '--uts', '--ipc', '--net', '--pid', '--root', '--wdns=/']
  return ['nsenter', '--target', String(container.pid), ...all, '--', ...argv]
}

/** `argv` as a command line that runs in the container's network with the tools of its host. */
export function inNetworkOf(container: Pick<Container, 'pid'>, argv: readonly string[]): string[] {
  return ['nsenter', '--target', String(container.pid), '--net', '--', ...argv]
}

function inspect(host: Host, container: string, format: string): Promise<string> {
  return outputOf(host, ['docker', 'container', 'inspect', '--format', format, container])
}
