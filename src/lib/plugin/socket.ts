import { mkdirSync } from 'node:fs'
import type { Server } from 'node:http'
import { dirname } from 'node:path'
import { BadInput } from '../errors.ts'
import { parseListenAddress, type ListenAddress } from '../watch/listen-address.ts'
import { listen, listenAt } from '../watch/listen.ts'

/** Where dockerd looks for a driver of that name (docs.docker.com, Docker plugin API). */
const FOLDER = '/run/docker/plugins'
export const SOCKET = `${FOLDER}/ovsd.sock`

/** First descriptor that a service manager passes on (sd_listen_fds(3)). */
const FIRST_FD = 3

/** Checks the path of a socket. Error: BadInput. */
export function parseSocket(path: string): ListenAddress {
  if (!path.startsWith('/'))
    throw new BadInput('--socket', `${JSON.stringify(path)} is no whole path of a socket.`, SOCKET)
  return parseListenAddress(`unix:${path}`, '--socket')
}

/**
 * Whether the service manager has opened the socket already (sd_listen_fds(3)): then it exists before dockerd asks, and calls wait in it
 * while the driver is restarted.
 */
export const isPassedOn = (env: Readonly<Record<string, string | undefined>>, pid: number): boolean =>
  env['LISTEN_PID'] === String(pid) && Number(env['LISTEN_FDS']) >= 1

/** The folder that Docker looks into, which it makes itself when it starts: the driver may be the first. */
function makeFolder({ path }: ListenAddress): void {
  if (path === undefined || dirname(path) !== FOLDER) return
  try {
    // As Docker makes them.
    mkdirSync(dirname(FOLDER), { recursive: true, mode: 0o700 })
    mkdirSync(FOLDER, { recursive: true, mode: 0o755 })
  } catch {
    // That the folder is missing is said by who wants to listen there.
  }
}

/** Has the server listen at a path of its own, or at the socket that was passed on to it. Error: ListenFailed. */
export async function openSocket(server: Server, address: ListenAddress, passedOn: boolean): Promise<void> {
  if (passedOn) {
    await listenAt(server, FIRST_FD)
    return
  }
  makeFolder(address)
  await listen(server, address)
}
