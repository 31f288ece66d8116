import { once } from 'node:events'
import type { Server } from 'node:http'
import { parseListenAddress, type ListenAddress } from '../watch/listen-address.ts'
import { listen } from '../watch/listen.ts'

/** Where dockerd looks for a driver of that name (docs.docker.com, Docker plugin API). */
export const SOCKET = '/run/docker/plugins/ovsd.sock'

/** First descriptor that a service manager passes on (sd_listen_fds(3)). */
const FIRST_FD = 3

/** Checks the path of a socket. Error: BadInput. */
export const parseSocket = (path: string): ListenAddress => parseListenAddress(`unix:${path}`, '--socket')

/**
 * Whether the service manager has opened the socket already (sd_listen_fds(3)): then it exists before dockerd asks, and calls wait in it
 * while the driver is restarted.
 */
export const isPassedOn = (env: Readonly<Record<string, string | undefined>>, pid: number): boolean =>
  env['LISTEN_PID'] === String(pid) && Number(env['LISTEN_FDS']) >= 1

/** Has the server listen at a path of its own, or at the socket that was passed on to it. Error: ListenFailed. */
export async function openSocket(server: Server, address: ListenAddress, passedOn: boolean): Promise<void> {
  if (!passedOn) {
    await listen(server, address)
    return
  }
  const listening = once(server, 'listening')
  server.listen({ fd: FIRST_FD })
  await listening
}
