import { readFileSync } from 'node:fs'
import type { Container } from '../docker/container.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { netnsInode, openNetns, type Netns } from '../system/netns.ts'
import { calledFor, type Target } from './attachment.ts'

/** Where the target's namespace is to be found. */
export type Whereabouts =
  | { readonly kind: 'docker' }
  /** A container that has just been inspected. */
  | { readonly kind: 'container'; readonly container: Container }
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'pid'; readonly pid: number }

/** A target with its namespace held open. `confirm` rejects if the namespace turned out to be somebody else's. */
export interface OpenTarget {
  readonly target: Target
  readonly netns: Netns
  confirm(): Promise<void>
}

/**
 * Finds the target and opens its namespace. Errors: DockerUnreachable, ContainerMissing, AmbiguousContainer,
 * ContainerNotRunning, NotOnThisHost, HostNetwork, SharedNetwork, NamespaceMissing.
 */
export async function openTarget(host: Host, typed: string, where: Whereabouts): Promise<OpenTarget> {
  if (where.kind === 'path' || where.kind === 'pid') {
    const path = where.kind === 'path' ? where.path : procPath(where.pid)
    const netns = openNetns(path, typed)
    const generation = String(netns.inode)
    return {
      target: { typed, id: typed, name: typed, generation, netnsPath: path, kind: 'namespace' },
      netns,
      confirm: () => Promise.resolve(),
    }
  }
  const container = where.kind === 'container' ? where.container : await host.docker.inspect(typed)
  const target = targetOf(container, typed)
  const called = calledFor(target)
  refuseUnattachable(called, container)
  if (!host.docker.isLocal) refuseForeignProcess(called, container)
  const netns = openNetns(target.netnsPath, `container ${called}`)
  const { id, generation } = container
  return {
    target,
    netns,
    // The process may have ended, and its PID been given to another, between the answer and the open(). If it is a
    // process of the container, or if the same life of it still has the PID afterwards, it was its when the descriptor
    // was opened.
    async confirm() {
      if (isProcessOf(container)) return
      const now = await host.docker.find(id)
      if (now?.pid !== container.pid || now.generation !== generation)
        throw new Refused(
          'ContainerNotRunning',
          `The container ${called} stopped or restarted while ovsd was looking at it.`,
          {
            next: 'Try again.',
          },
        )
    },
  }
}

/** A container as a target; `typed` is what its port is recorded under, the whole id unless somebody typed less. */
export function targetOf({ id, name, generation, pid }: Container, typed = id): Target {
  return { typed, id, name, generation, netnsPath: procPath(pid), kind: 'container' }
}

/** Whether the kernel says that the process belongs to the container: engines name its control group for it. */
function isProcessOf({ id, pid }: Pick<Container, 'id' | 'pid'>): boolean {
  try {
    return readFileSync(`/proc/${String(pid)}/cgroup`, 'utf8').includes(id)
  } catch {
    // There is no such process here.
    return false
  }
}

/** An engine reached over the network may be another host's: its process id would lead into somebody else's namespace. */
function refuseForeignProcess(typed: string, container: Container): void {
  if (!isProcessOf(container))
    throw new Refused('NotOnThisHost', `The container ${typed} does not run on this host, but where its engine is.`, {
      next: 'Run ovsd there, or name the engine of this host with --docker.',
    })
}

const procPath = (pid: number): string => `/proc/${String(pid)}/ns/net`

function refuseUnattachable(typed: string, { running, pid, networkMode }: Container): void {
  if (networkMode === 'host')
    throw new Refused(
      'HostNetwork',
      `The container ${typed} uses the network of the host itself; there is nothing to attach.`,
      {
        next: 'Start it with its own network, for example: docker run --network none …',
      },
    )
  const owner = /^container:(.+)$/.exec(networkMode)?.[1]
  if (owner !== undefined)
    throw new Refused(
      'SharedNetwork',
      `The container ${typed} shares the network of container ${owner.slice(0, 12)}.`,
      {
        next: `Attach the owner instead: use ${owner.slice(0, 12)} in place of ${typed}`,
      },
    )
  if (!running || pid === 0)
    throw new Refused('ContainerNotRunning', `Failed to get the PID of the container: ${typed} is not running.`, {
      next: `docker start ${typed}`,
    })
}

/** Whether the bare namespace that a port was made for still is what it was. */
export const namespaceAlive = (path: string, generation: string): boolean =>
  String(netnsInode(path) ?? '') === generation
