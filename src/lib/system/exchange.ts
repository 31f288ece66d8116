import { connect, type NetConnectOpts } from 'node:net'
import { messageOf } from '../errors.ts'
import { answerLimit } from './answer-limit.ts'

/**
 * Sends one request, and gives all that comes until the other end closes. The request is to be HTTP/1.0: the answer is then unchunked
 * and ends with the connection, so that it takes these few lines; node:http would cost every command 9 ms of loading for its one request
 * (docs/decisions/0003). Error: one that says why nothing came, with its cause.
 */
export async function exchange(where: NetConnectOpts, request: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(where)
  const fail = (why: string, cause?: unknown): void => {
    socket.destroy()
    reject(new Error(why, { cause }))
  }
  using _limit = answerLimit(fail)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', (error) => {
    fail(messageOf(error), error)
  })
  socket.on('end', () => {
    resolve(Buffer.concat(chunks).toString('utf8'))
    socket.end()
  })
  socket.write(request)
  return await promise
}
