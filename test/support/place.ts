// A network namespace of some host, and what goes between two of them.
import { createHash, randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../../lab/host.ts'
import type { Result, RunOptions } from '../../lab/process.ts'

/** Where commands see the network of a container; as many of them as there are hosts. */
export interface Place {
  readonly host: Host
  /** Path of the namespace, on that host. */
  readonly path: string
  run(argv: readonly string[], options?: RunOptions): Promise<Result>
}

export const placeOn = (host: Host, path: string): Place => ({
  ...{ host, path },
  run: (argv, options) => host.exec(['nsenter', `--net=${path}`, ...argv], options),
})

/** Makes a bare namespace that stands for a container. It stays until its host ends, or `leave` takes it away. */
export async function bareOn(host: Host, name: string): Promise<Place & { leave(): Promise<void> }> {
  const { status, stderr } = await host.exec(['ip', 'netns', 'add', name])
  if (status !== 0) throw new Error(stderr)
  return {
    ...placeOn(host, `/run/netns/${name}`),
    async leave() {
      await host.exec(['ip', 'netns', 'del', name])
    },
  }
}

/** Whether an echo request is answered; asks `tries` times, and takes no longer than it has to. */
export async function echoes(from: Place, to: string, { tries = 3, size = 56 } = {}): Promise<boolean> {
  for (let i = 0; i < tries; i++) {
    const argv = ['busybox', 'ping', '-c', '1', '-W', '1', '-s', String(size), to]
    if ((await from.run(argv)).status === 0) return true
  }
  return false
}

const PORT = '9000'

/** Sends random bytes over TCP from one place to an address that the other has; true when exactly they arrive. */
export async function delivers(from: Place, to: Place, address: string, kibibytes: number): Promise<boolean> {
  const sent = randomBytes(kibibytes * 512).toString('hex')
  const listener = to.run(['busybox', 'timeout', '20', 'busybox', 'nc', '-l', '-p', PORT, '-e', 'sha256sum'])
  for (let tries = 0; tries < 200; tries++) {
    if ((await to.run(['ss', '-lnt'])).stdout.includes(`:${PORT} `)) break
    await pause(20)
  }
  const { stdout } = await from.run(['busybox', 'timeout', '15', 'busybox', 'nc', address, PORT], { input: sent })
  await listener
  return stdout.split(' ')[0] === createHash('sha256').update(sent).digest('hex')
}
