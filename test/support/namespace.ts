import { tool, toolIn } from './tool.ts'

let count = 0

/** A bare network namespace that stands for a container. Gone at the end of the `using` block. */
export interface BareNamespace extends Disposable {
  readonly name: string
  readonly path: string
}

export function bareNamespace(): BareNamespace {
  const name = `t${String(process.pid)}-${String(count++)}`
  tool('ip', 'netns', 'add', name)
  return {
    name,
    path: `/run/netns/${name}`,
    [Symbol.dispose]() {
      tool('ip', 'netns', 'del', name)
    },
  }
}

/** A namespace that already has an eth0 with a default route, as a container on a Docker network has. */
export function networkedNamespace(): BareNamespace {
  const namespace = bareNamespace()
  const { path } = namespace
  toolIn(path, 'ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0-far')
  toolIn(path, 'ip', 'address', 'add', '192.0.2.2/24', 'dev', 'eth0')
  for (const link of ['eth0', 'eth0-far']) toolIn(path, 'ip', 'link', 'set', link, 'up')
  toolIn(path, 'ip', 'route', 'add', 'default', 'via', '192.0.2.1')
  return namespace
}
