import { createServer } from 'node:net'
import { OvsdError } from '../errors.ts'
import { holderOf } from '../system/socket-holder.ts'

// As the host-wide lock (system/lock.ts): an abstract unix socket, bound by at most one process of the host (network
// namespace), and freed by the kernel however that process ends.
const NAME = 'ovsd.watch'

/** Nobody else watches this host as long as it is not released. */
export interface Instance {
  release(): void
}

/** Makes this process the one that watches. Errors: AlreadyRunning, LockFailed. */
export async function takeInstance(): Promise<Instance> {
  // It is only there to be held: who connects is turned away.
  const server = createServer((socket) => socket.destroy())
  const { promise, resolve, reject } = Promise.withResolvers<Instance>()
  server.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE') reject(alreadyRunning(holderOf(NAME)))
    else
      reject(
        new OvsdError('LockFailed', `It cannot be seen whether ovsd watch already runs: ${error.message}.`, {
          cause: error,
        }),
      )
  })
  server.listen({ path: `\0${NAME}` }, () => {
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

function alreadyRunning(pid: number | undefined): OvsdError {
  if (pid === undefined)
    return new OvsdError(
      'AlreadyRunning',
      'ovsd watch or daemon already runs on this host, or something holds its name.',
      {
        next: `See who it is: ss -xlp | grep ${NAME}`,
      },
    )
  return new OvsdError('AlreadyRunning', `ovsd watch or daemon already runs on this host, as process ${String(pid)}.`, {
    next: `See what it is: systemctl status ${String(pid)}, or ps -fp ${String(pid)}; end it: kill ${String(pid)}`,
  })
}
