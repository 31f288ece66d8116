import { OvsdError } from '../errors.ts'

/** The engine answered, but not what was asked for. */
export class DockerRefused extends OvsdError {
  constructor(what: string) {
    super('DockerRefused', `${what}.`, {
      next: 'Check that DOCKER_HOST or --docker names a Docker engine: docker version',
    })
  }
}

/** The value of a body in JSON, once `isRight` finds in it what is read later. Error: DockerRefused. */
export function parsed<T>(body: string, isRight: (value: unknown) => value is T): T {
  const value = json(body)
  if (!isRight(value)) throw new DockerRefused('What answers in place of the Docker engine does not speak its language')
  return value
}

/** Undefined for what is no JSON. */
function json(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The engine's own words in the body of a refusal, or the beginning of the body. */
export function messageIn(body: string): string {
  const { message } = (json(body) ?? {}) as { message?: unknown }
  return typeof message === 'string' ? message : body.trim().slice(0, 200)
}
