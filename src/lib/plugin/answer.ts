import type { OvsdError } from '../errors.ts'
import { asOvsdError } from '../reconcile/refusals.ts'
import { BadCall } from './bad-call.ts'

/** An answer as it goes over the socket. */
export interface Answer {
  readonly status: number
  readonly body: string
}

export const answerWith = (value: object): Answer => ({ status: 200, body: JSON.stringify(value) })

/** The answer that has Docker print what went wrong and what to do: `Err` is read of network drivers, `Error` of IPAM drivers. */
export function answerOf(thrown: unknown): Answer {
  const error = asOvsdError(thrown)
  const text = wordsOf(error)
  return { status: error instanceof BadCall ? error.http : 500, body: JSON.stringify({ Err: text, Error: text }) }
}

/** Message, what is left on the host, and what to do, as one text. */
export function wordsOf({ message, left, next }: OvsdError): string {
  return [
    message,
    ...(left.length === 0 ? [] : [`Left on the host: ${left.join(', ')}.`]),
    ...(next === undefined ? [] : [next]),
  ].join('\n')
}
