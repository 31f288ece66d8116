import type { NetConnectOpts } from 'node:net'
import { BadInput } from '../errors.ts'

export interface DockerEndpoint {
  readonly text: string
  readonly connect: NetConnectOpts
}

const GOOD = 'unix:///run/docker.sock'

/** Parses what docker(1) takes as DOCKER_HOST: `unix:///PATH` or, on a trusted network only, `tcp://HOST:PORT`. */
export function parseDockerHost(text: string, field = 'DOCKER_HOST'): DockerEndpoint {
  if (text.startsWith('unix:///')) return { text, connect: { path: text.slice('unix://'.length) } }
  const tcp = /^tcp:\/\/([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):([1-9][0-9]{0,4})\/?$/.exec(text)
  if (tcp?.[1] !== undefined && Number(tcp[2]) <= 65_535)
    return { text, connect: { host: tcp[1].replace(/^\[(.*)\]$/, '$1'), port: Number(tcp[2]) } }
  throw new BadInput(field, `"${text}" is not an engine that ovsd can reach.`, GOOD)
}

/** The engine that docker(1) would use here. */
export function defaultDockerHost(env: NodeJS.ProcessEnv): DockerEndpoint {
  return parseDockerHost(env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock')
}
