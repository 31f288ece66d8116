// What the log tells of a call: whom it is about, and what was asked.
import { shortId } from '../docker/container.ts'
import type { Fields } from './fields.ts'

/** Whom a call is about: the first 12 digits of the ids that it names. */
export interface About {
  readonly network?: string | undefined
  readonly endpoint?: string | undefined
}

/** The ids that a call names, as far as they are some. */
export function aboutOf({ NetworkID, EndpointID }: Fields): About {
  return { network: idOf(NetworkID), endpoint: idOf(EndpointID) }
}

const idOf = (value: unknown): string | undefined =>
  typeof value === 'string' && /^[0-9a-f]{12,}$/.test(value) ? shortId(value) : undefined

/** Characters of a call that are told: what people type is shorter, and a log is no place for a megabyte. */
const MOST_CHARACTERS = 600

/** What was asked, for the log: the body without the ids, and without what Docker only says to have said it; '' for nothing. */
export function gistOf(body: Fields): string {
  const rest = Object.entries(body).filter(([key]) => key !== 'NetworkID' && key !== 'EndpointID')
  const said = withoutEmpty(Object.fromEntries(rest))
  if (said === undefined) return ''
  const text = JSON.stringify(said)
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text
}

/** Docker's own calls are four deep (addresses that are kept); a body of brackets alone would be too deep for the stack. */
const MOST_DEEP = 8

function withoutEmpty(value: unknown, deep = 0): unknown {
  if (value === null || value === '') return undefined
  if (typeof value !== 'object') return value
  if (deep === MOST_DEEP) return '…'
  const entries = Object.entries(value)
    .map(([key, one]) => [key, withoutEmpty(one, deep + 1)] as const)
    .filter(([, one]) => one !== undefined)
  if (entries.length === 0) return undefined
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
}
