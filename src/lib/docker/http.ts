import { BE_ROOT, isForbidden, messageOf, OvsdError } from '../errors.ts'
import { exchange } from '../system/exchange.ts'
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

/** One GET. Errors: DockerUnreachable. */
export async function get(endpoint: DockerEndpoint, path: string): Promise<HttpAnswer> {
  const request = `GET ${path} HTTP/1.0\r\nHost: docker\r\nUser-Agent: ovsd\r\n\r\n`
  const answer = parseAnswer(await exchange(endpoint.connect, request).catch(unreachable(endpoint)))
  if (answer === undefined) throw new DockerUnreachable(endpoint.text, 'its answer is not HTTP')
  return answer
}

const unreachable =
  ({ text }: DockerEndpoint) =>
  (error: unknown): never => {
    throw new DockerUnreachable(text, messageOf(error), (error as Error).cause)
  }

/** Status and body of an answer in plain HTTP; undefined when it is none, or its header not yet complete. */
export function parseAnswer(text: string): HttpAnswer | undefined {
  const end = text.indexOf('\r\n\r\n')
  const status = /^HTTP\/1\.[01] ([0-9]{3})/.exec(text)?.[1]
  return end < 0 || status === undefined ? undefined : { status: Number(status), body: text.slice(end + 4) }
}
