import type { OvsdError } from '../errors.ts'
import { asOvsdError } from '../reconcile/refusals.ts'
import { BadCall } from './bad-call.ts'
import { inDockersWords } from './dockers-words.ts'

/** An answer as it goes over the socket. */
export interface Answer {
  readonly status: number
  readonly body: string
  /** With which verbs it is called, when it was another one. */
  readonly verbs?: readonly string[]
}

export const answerWith = (value: object): Answer => ({ status: 200, body: JSON.stringify(value) })

/** The answer that has Docker print what went wrong and what to do: `Err` is read of network drivers, `Error` of IPAM drivers. */
export function answerOf(thrown: unknown): Answer {
  const error = asOvsdError(thrown)
  const text = wordsOf(error)
  const body = JSON.stringify({ Err: text, Error: text })
  return error instanceof BadCall ? { status: error.http, body, verbs: error.verbs } : { status: 500, body }
}

/** Message, what is left on the host, and what to do, as one text in the words of who typed `docker`. */
export function wordsOf({ message, left, next }: OvsdError): string {
  const lines = [
    message,
    ...(left.length === 0 ? [] : [`Left on the host: ${left.join(', ')}.`]),
    ...(next === undefined ? [] : [next]),
  ]
  return inDockersWords(lines.join('\n'))
}
