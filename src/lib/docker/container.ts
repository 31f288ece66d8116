import { labelsOf, type Labels } from './labels.ts'

/** What ovsd needs to know of a container. */
export interface Container {
  readonly id: string
  readonly name: string
  /** PID of its first process on this host; 0 while it does not run. */
  readonly pid: number
  readonly running: boolean
  /** Start time as the engine tells it: another value means another life, with another network namespace. */
  readonly generation: string
  /** "none", "bridge", "host", "container:ID"; of podman also "ns:/PATH" … */
  readonly networkMode: string
  /** Its labels, those of its image among them: both engines put them together when they make the container. */
  readonly labels: Labels
  /** Id of its image, "sha256:…"; what `DockerClient.imageLabels` takes. */
  readonly image: string
}

/** The part of GET /containers/ID/json that is read. */
export interface InspectAnswer {
  readonly Id: string
  readonly Name: string
  readonly State: { readonly Pid: number; readonly Running: boolean; readonly StartedAt: string }
  readonly HostConfig?: { readonly NetworkMode?: string }
  readonly Image?: string
  readonly Config?: { readonly Labels?: unknown }
}

/** Whether a value is an inspect answer. */
export const isInspectAnswer = (value: unknown): value is InspectAnswer => {
  const { Id, Name, State } = (value ?? {}) as Partial<InspectAnswer>
  return typeof Id === 'string' && typeof Name === 'string' && typeof State?.Pid === 'number'
}

/** Container of an inspect answer. */
export function containerOf(answer: InspectAnswer): Container {
  const { Id, Name, State, HostConfig, Image, Config } = answer
  // A stopped container may still report an old PID in some engines; Running decides.
  return {
    id: Id,
    name: Name.replace(/^\//, ''),
    pid: State.Running ? State.Pid : 0,
    running: State.Running,
    generation: State.StartedAt,
    networkMode: HostConfig?.NetworkMode ?? '',
    labels: labelsOf(Config?.Labels),
    image: Image ?? '',
  }
}

/** The short form of an id that docker(1) prints. */
export const shortId = (id: string): string => (/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id)
