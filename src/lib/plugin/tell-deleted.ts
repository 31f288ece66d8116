// Tells drivers that run what Docker did not: their stores may be in other folders than that of a command.
import { connect } from 'node:net'
import { answerLimit } from '../system/answer-limit.ts'

/**
 * Has the drivers at these sockets forget a network by Docker's id, as Docker would, with their copies of it: else they would put it back.
 * Resolves when each has answered, or cannot be asked.
 */
export async function tellDeleted(paths: readonly string[], network: string): Promise<void> {
  await Promise.all(paths.map((path) => tellAt(path, JSON.stringify({ NetworkID: network }))))
}

async function tellAt(path: string, body: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const socket = connect({ path })
  const end = (): void => {
    socket.destroy()
    resolve(undefined)
  }
  using _limit = answerLimit(end)
  // Where none runs nobody puts anything back.
  socket.on('error', end)
  socket.on('end', end)
  socket.resume()
  // HTTP/1.0, as docker/http.ts has it: the answer ends with the connection.
  socket.write(
    `POST /NetworkDriver.DeleteNetwork HTTP/1.0\r\nHost: ovsd\r\nUser-Agent: ovsd\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`,
  )
  await promise
}
