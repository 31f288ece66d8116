// Fields of a call. Docker leaves out what is empty or says null; unknown fields are newer engines'.
import { BadCall } from './bad-call.ts'

/** A JSON object that somebody else has written. */
export type Fields = Readonly<Record<string, unknown>>

export const isFields = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** A text; '' when there is none. Error: BadCall. */
export function textIn(fields: Fields, name: string): string {
  const value = fields[name] ?? ''
  if (typeof value === 'string') return value
  throw new BadCall(400, `${name} is no text`)
}

/** The id of a network or an endpoint, which has to be there. Error: BadCall. */
export function idIn(fields: Fields, name: string): string {
  const id = textIn(fields, name)
  if (/^[0-9a-f]{64}$/.test(id)) return id
  throw new BadCall(400, id === '' ? `${name} is missing` : `${name} is not 64 hex digits`)
}

/** An object; an empty one when there is none. Error: BadCall. */
export function fieldsIn(fields: Fields, name: string): Fields {
  const value = fields[name] ?? {}
  if (isFields(value)) return value
  throw new BadCall(400, `${name} is no object`)
}

/** A list of objects; an empty one when there is none. Error: BadCall. */
export function listIn(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name] ?? []
  if (Array.isArray(value) && value.every(isFields)) return value
  throw new BadCall(400, `${name} is no list of objects`)
}

/** Whether a switch is on, be it said as a truth value or, as people type it for `docker network create -o`, as text. */
export const isOn = (value: unknown): boolean => value === true || value === 'true' || value === '1'
