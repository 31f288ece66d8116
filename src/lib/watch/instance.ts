import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { OvsdError } from '../errors.ts'

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
    if (error.code === 'EADDRINUSE') reject(alreadyRunning(holder()))
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

/**
 * The process that has the socket open. Asked of the kernel, not of the process: that may be stopped, or be somebody else
 * who tells tales. Not found: it is in another PID namespace, or only root may see it.
 */
function holder(): number | undefined {
  try {
    const inode = inodeOf(readFileSync('/proc/net/unix', 'utf8'))
    const pids = readdirSync('/proc').filter((name) => /^[1-9][0-9]*$/.test(name))
    return pids.map(Number).find((pid) => inode !== undefined && hasOpen(pid, `socket:[${inode}]`))
  } catch {
    // No /proc: then it is a refusal without a name.
    return undefined
  }
}

/** /proc/net/unix (proc_net_unix(5)): `Num RefCount Protocol Flags Type St Inode Path`, with @ for the NUL of abstract names. */
function inodeOf(table: string): string | undefined {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  // Flags: __SO_ACCEPTCON. Connections to the holder have the same name.
  return rows.find(([, , , flags, , , , name]) => flags === '00010000' && name === `@${NAME}`)?.[6]
}

function hasOpen(pid: number, what: string): boolean {
  const folder = `/proc/${String(pid)}/fd`
  try {
    return readdirSync(folder).some((fd) => linkOf(`${folder}/${fd}`) === what)
  } catch {
    // It has ended, or may not be looked at.
    return false
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}
