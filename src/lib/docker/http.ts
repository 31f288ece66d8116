import { connect } from 'node:net'
import { BE_ROOT, isForbidden, OvsdError } from '../errors.ts'
import { answerLimit } from '../system/answer-limit.ts'
import type { DockerEndpoint } from './endpoint.ts'

export interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** The systemd unit behind a socket. podman's service ends when nobody asks it anything; its socket unit starts it again. */
const unitOf = (endpoint: string): string => (endpoint.includes('podman') ? 'podman.socket' : 'docker')

/** The engine's socket is missing, refuses, or says nothing. */
export class DockerUnreachable extends OvsdError {
  constructor(endpoint: string, why: string, cause?: unknown) {
    super('DockerUnreachable', `The Docker engine does not answer at ${endpoint} (${why}).`, {
      cause,
      next: isForbidden(cause)
        ? BE_ROOT
        : `Start it (systemctl start ${unitOf(endpoint)}), or name another one with DOCKER_HOST.`,
    })
  }
}

/**
 * One GET. HTTP/1.0 on purpose: the answer then comes unchunked and ends with the connection, so that reading it takes
 * these few lines; node:http would cost every command 9 ms of loading for its one request (docs/decisions/0003).
 * Errors: DockerUnreachable.
 */
export async function get(endpoint: DockerEndpoint, path: string): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const socket = connect(endpoint.connect)
  const fail = (why: string, cause?: unknown): void => {
    socket.destroy()
    reject(new DockerUnreachable(endpoint.text, why, cause))
  }
  using _limit = answerLimit(fail)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', (error) => {
    fail(error.message, error)
  })
  socket.on('end', () => {
    const answer = parseAnswer(Buffer.concat(chunks).toString('utf8'))
    if (answer === undefined) fail('its answer is not HTTP')
    else resolve(answer)
    socket.end()
  })
  socket.write(`GET ${path} HTTP/1.0\r\nHost: docker\r\nUser-Agent: ovsd\r\n\r\n`)
  return await promise
}

/** Status and body of an answer in plain HTTP; undefined when it is none, or its header not yet complete. */
export function parseAnswer(text: string): HttpAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1]
  return end < 0 || status === undefined ? undefined : { status: Number(status), body: text.slice(end + 4) }
}
