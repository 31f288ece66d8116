import { createServer } from 'node:net'
import { OvsdError } from '../errors.ts'
import { holderOf } from './socket-holder.ts'

/** What there is one process of on a host. */
export interface Role {
  // As the host-wide lock (lock.ts): an abstract unix socket, bound by at most one process of the host (network
  // namespace), and freed by the kernel however that process ends.
  readonly name: string
  /** Who has that role, in words. */
  readonly who: string
  /** The command that asks for it. */
  readonly command: string
  /** Other ways to find the one that has it, as a line to type. */
  readonly also?: string
  /** It has it for a while only. */
  readonly passes?: boolean
}

/** Who follows labels. */
export const WATCHING: Role = { name: 'ovsd.watch', who: 'ovsd watch or daemon', command: 'ovsd watch' }

/**
 * Who serves Docker's networks, at whatever socket: dockerd finds all drivers in one folder, and each driver looks after all networks of Docker that it
 * finds. A managed plugin is one, too; its store is another one, from which it would bring back what Docker has removed by way of a second driver.
 */
export const DRIVING: Role = {
  name: 'ovsd.driver',
  who: 'ovsd plugin or daemon, or the managed plugin,',
  command: 'ovsd plugin',
  also: 'docker plugin ls',
}

/**
 * Who makes or removes the central of OVN that ovsd has on this host: the driver does so without the host-wide lock, and what one of two undid would be the
 * other one's.
 */
export const MAKING_CENTRAL: Role = {
  name: 'ovsd.central',
  who: 'A run that makes or removes central',
  command: 'another run that makes or removes central',
  passes: true,
}

/** Nobody else has that role on this host as long as it is not released. */
export interface Instance {
  release(): void
}

/** Makes this process the one that has a role. Errors: AlreadyRunning, LockFailed. */
export async function takeInstance(role: Role): Promise<Instance> {
  const { name, command } = role
  // It is only there to be held: who connects is turned away.
  const server = createServer((socket) => socket.destroy())
  const { promise, resolve, reject } = Promise.withResolvers<Instance>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') reject(alreadyRunning(role, holderOf(name)))
    else
      reject(
        new OvsdError('LockFailed', `It cannot be seen whether ${command} already runs: ${error.message}.`, {
          cause: error,
        }),
      )
  })
  server.listen({ path: `\0${name}` }, () => {
    // What goes wrong with a connection (no more descriptors) is no reason to end.
    server.on('error', () => undefined)
    resolve({
      release() {
        server.close()
      },
    })
  })
  return promise
}

function alreadyRunning({ name, who, also, passes = false }: Role, pid: number | undefined): OvsdError {
  const besides = also === undefined ? '' : `, or ${also}`
  if (pid === undefined)
    return new OvsdError('AlreadyRunning', `${who} already runs on this host, or something holds its name.`, {
      next: `See who it is: ss -xlp | grep ${name}${besides}`,
    })
  const end = passes ? 'repeat this when it has ended' : `end it: kill ${String(pid)}`
  return new OvsdError('AlreadyRunning', `${who} already runs on this host, as process ${String(pid)}.`, {
    next: `See what it is: systemctl status ${String(pid)}, or ps -fp ${String(pid)}${besides}; ${end}`,
  })
}
