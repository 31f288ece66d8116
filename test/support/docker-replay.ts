import { once } from 'node:events'
import type { Socket } from 'node:net'
import { capturedBytes } from './captured.ts'
import { socketServer, type SocketServer } from './socket-server.ts'

/** How a server answers one request: all at once, or in pieces. */
export type Answer = (socket: Socket) => void

/** Sends bytes and ends the connection, as the engine does. */
export const whole =
  (bytes: string | Buffer): Answer =>
  (socket) =>
    socket.end(bytes)

/** A recorded answer of a real engine. */
export const recorded = (name: string): Answer => whole(capturedBytes(`docker/${name}.http`))

/** A server that answers GET requests by path; `asked` are the request lines. */
export interface DockerReplay extends SocketServer {
  readonly asked: readonly string[]
}

/** Starts a server with one answer per path; anything else is answered as the real engine answers unknown paths. */
export async function dockerReplay(answers: Readonly<Record<string, Answer>>): Promise<DockerReplay> {
  const asked: string[] = []
  const server = await socketServer((socket) => {
    void once(socket, 'data').then(
      ([request]) => {
        const [line = ''] = String(request).split('\r\n')
        asked.push(line)
        const path = line.split(' ')[1] ?? ''
        const answer = answers[path] ?? recorded('no-such-path')
        answer(socket)
      },
      () => undefined,
    )
  })
  return { ...server, asked }
}
