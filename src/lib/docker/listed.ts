import { labelsOf, type Labels } from './labels.ts'

/** A container in the engine's list. */
export interface Listed {
  readonly id: string
  readonly name: string
  readonly running: boolean
  /** As `Container.labels`. */
  readonly labels: Labels
  /** As `Container.image`. */
  readonly image: string
  /** When it was created: seconds since 1970; 0 when the engine does not say. */
  readonly created: number
}

/** The part of a row of GET /containers/json that is read. */
export interface ListRow {
  readonly Id: string
  readonly Names: readonly string[]
  readonly State: string
  readonly ImageID?: string
  readonly Created?: number
  readonly Labels?: unknown
}

/** Whether a value is a list of containers. */
export const isList = (value: unknown): value is readonly ListRow[] => Array.isArray(value) && value.every(isRow)

const isRow = (value: unknown): value is ListRow => {
  const { Id, Names, State } = (value ?? {}) as Partial<ListRow>
  return typeof Id === 'string' && Array.isArray(Names) && typeof State === 'string'
}

// Paused and restarting containers have a process too, and podman's "stopping" ones; "exited", "created" and "dead"
// ones have none.
const LIVE = new Set(['running', 'paused', 'restarting', 'stopping'])

/** The container of a row. */
export function listedOf({ Id, Names, State, ImageID, Created, Labels }: ListRow): Listed {
  return {
    id: Id,
    // A name with a second slash is what another container calls it by a link.
    name: (Names.find((name) => !name.slice(1).includes('/')) ?? '').replace(/^\//, ''),
    running: LIVE.has(State),
    labels: labelsOf(Labels),
    image: ImageID ?? '',
    created: Created ?? 0,
  }
}
