import { OvsdError, Refused } from '../errors.ts'
import { containerOf, type Container, type InspectAnswer } from './container.ts'
import type { DockerEndpoint } from './endpoint.ts'
import { get } from './http.ts'

/** A container in the engine's list. */
export interface Listed {
  readonly id: string
  readonly name: string
  readonly running: boolean
}

/** What ovsd asks a Docker engine. Paths carry no API version: every engine then answers with its own newest. */
export class DockerClient {
  readonly #endpoint: DockerEndpoint
  constructor(endpoint: DockerEndpoint) {
    this.#endpoint = endpoint
  }

  /** Whether the engine is certainly on this host, so that its process ids mean processes of this host. */
  get isLocal(): boolean {
    return 'path' in this.#endpoint.connect
  }

  /**
   * The container with this name, id or id prefix; undefined if there is none.
   * Errors: DockerUnreachable, AmbiguousContainer, DockerRefused.
   */
  async find(container: string): Promise<Container | undefined> {
    const { status, body } = await get(this.#endpoint, `/containers/${encodeURIComponent(container)}/json`)
    if (status === 200) return containerOf(parsed(body, isInspectAnswer))
    const said = messageIn(body)
    // Engines differ in the status of an ambiguous prefix (400 and 404 were seen), not in the words.
    if (/multiple ids/i.test(said))
      throw new Refused('AmbiguousContainer', `"${container}" is the beginning of several container ids.`, {
        next: 'Type more digits of the id, or the name (docker ps).',
      })
    if (status === 404) return undefined
    throw new DockerRefused(`The Docker engine refused to describe ${container}: ${said} (HTTP ${String(status)})`)
  }

  /** As `find`. Further error: ContainerMissing. */
  async inspect(container: string): Promise<Container> {
    const found = await this.find(container)
    if (found === undefined)
      throw new Refused(
        'ContainerMissing',
        `Failed to get the PID of the container: there is no container ${container}.`,
        {
          next: 'See which there are: docker ps -a',
        },
      )
    return found
  }

  /** Resolves when the engine answers. Error: DockerUnreachable. */
  async ping(): Promise<void> {
    await get(this.#endpoint, '/_ping')
  }

  /** All containers, stopped ones included. Errors: DockerUnreachable, DockerRefused. */
  async list(): Promise<readonly Listed[]> {
    const { status, body } = await get(this.#endpoint, '/containers/json?all=1')
    if (status !== 200)
      throw new DockerRefused(
        `The Docker engine refused to list containers: ${messageIn(body)} (HTTP ${String(status)})`,
      )
    const rows = parsed(body, isList)
    // Paused and restarting containers have a process too; "exited", "created" and "dead" ones have none.
    const live = new Set(['running', 'paused', 'restarting'])
    return rows.map(({ Id, Names, State }) => ({
      id: Id,
      name: (Names.find((name) => !name.slice(1).includes('/')) ?? '').slice(1),
      running: live.has(State),
    }))
  }
}

interface ListAnswer {
  readonly Id: string
  readonly Names: readonly string[]
  readonly State: string
}

const isInspectAnswer = (value: unknown): value is InspectAnswer => {
  const { Id, Name, State } = (value ?? {}) as Partial<InspectAnswer>
  return typeof Id === 'string' && typeof Name === 'string' && typeof State?.Pid === 'number'
}

const isList = (value: unknown): value is readonly ListAnswer[] =>
  Array.isArray(value) &&
  value.every(
    ({ Id, Names, State }: ListAnswer) => typeof Id === 'string' && Array.isArray(Names) && typeof State === 'string',
  )

function parsed<T>(body: string, isRight: (value: unknown) => value is T): T {
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

/** The engine answered, but not what was asked for. */
class DockerRefused extends OvsdError {
  constructor(what: string) {
    super('DockerRefused', `${what}.`, {
      next: 'Check that DOCKER_HOST or --docker names a Docker engine: docker version',
    })
  }
}

const messageIn = (body: string): string => {
  try {
    const { message } = JSON.parse(body) as { message?: unknown }
    return typeof message === 'string' ? message : body
  } catch {
    return body.trim().slice(0, 200)
  }
}
