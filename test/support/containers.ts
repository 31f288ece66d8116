// Real containers of a real engine, gone at the end of a `using` block.
import { tool } from './tool.ts'

let count = 0

/** Called before the first container goes of those that were started since it was called last: while they are all there. */
let beforeRemoval: (() => void) | undefined
let isDue = false

/** Has something looked at before containers go; undefined ends that. */
export function onRemoval(look: (() => void) | undefined): void {
  beforeRemoval = look
  isDue = false
}

export interface TestContainer extends Disposable {
  readonly name: string
  readonly id: string
}

/** Starts a sleeping busybox container without a network of its own making; `args` go to `docker run`. */
export function container(...args: string[]): TestContainer {
  const name = `c${String(process.pid)}-${String(count++)}`
  const network = args.some((arg) => arg.startsWith('--network')) ? [] : ['--network=none']
  const id = tool(
    'docker',
    'run',
    '--detach',
    `--name=${name}`,
    ...network,
    ...args,
    'busybox',
    '/bin/busybox',
    'sleep',
    '100000',
  ).trim()
  isDue = true
  return {
    name,
    id,
    [Symbol.dispose]() {
      const look = isDue ? beforeRemoval : undefined
      isDue = false
      try {
        look?.()
      } finally {
        tool('docker', 'rm', '--force', id)
      }
    },
  }
}

/** PID of a container's first process. */
export function pidOf(name: string): number {
  return Number(tool('docker', 'inspect', '--format={{.State.Pid}}', name))
}

/** Path of a container's network namespace now. */
export const netnsOf = (name: string): string => `/proc/${String(pidOf(name))}/ns/net`

/** Runs a busybox applet inside a container. */
export const inside = (name: string, ...command: string[]): string =>
  tool('docker', 'exec', name, '/bin/busybox', ...command)
