import { DockerRefused, parsed } from './answer.ts'

/** What happened to a container, reduced to what ovsd follows. */
export type EventAction = 'start' | 'die' | 'destroy' | 'rename'

/** Something happened to a container. It says "look again", and never what there is to be seen. */
export interface EngineEvent {
  /** The container's full id: 64 hexadecimal digits. */
  readonly id: string
  readonly action: EventAction
}

/** Names of actions, by engine: podman filters by "died" and then reports "die", and it calls "destroy" "remove". */
const ACTIONS: Readonly<Record<string, EventAction>> = {
  start: 'start',
  die: 'die',
  died: 'die',
  destroy: 'destroy',
  remove: 'destroy',
  rename: 'rename',
}

/** The filter of GET /events, in JSON. An engine passes over names of actions that it does not know. */
export const EVENT_FILTERS = JSON.stringify({ type: ['container'], event: Object.keys(ACTIONS) })

/** The part of an event that is read: its attributes are not, because labels overwrite those of the same name. */
interface EventAnswer {
  readonly Type: string
  readonly Action: string
  readonly Actor: { readonly ID: string }
}

const isEvent = (value: unknown): value is EventAnswer => {
  const { Type, Action, Actor } = (value ?? {}) as Partial<EventAnswer>
  return typeof Type === 'string' && typeof Action === 'string' && typeof Actor?.ID === 'string'
}

/** The event of a JSON text; undefined for one that ovsd does not follow. Error: DockerRefused. */
export function eventOf(text: string): EngineEvent | undefined {
  const { Type, Action, Actor } = parsed(text, isEvent)
  const action = Object.hasOwn(ACTIONS, Action) ? ACTIONS[Action] : undefined
  if (Type !== 'container' || action === undefined) return undefined
  if (!/^[0-9a-f]{64}$/.test(Actor.ID))
    throw new DockerRefused(
      `The Docker engine reported an event of ${JSON.stringify(Actor.ID.slice(0, 80))}, no container`,
    )
  return { id: Actor.ID, action }
}
