// What can be wrong with the store, in words, with what to type.
import { BE_ROOT, isForbidden, messageOf, OvsdError, Refused } from '../errors.ts'
import { quoteWord } from './quote.ts'

const ELSEWHERE = 'or use another folder: --state-dir=FOLDER'

/** The store, or an export, cannot be written. */
export function unwritable(path: string, cause: unknown): OvsdError {
  if (cause instanceof OvsdError) return cause
  return new OvsdError('StateUnwritable', `${path} cannot be written: ${messageOf(cause)}.`, {
    cause,
    next: waysOut(path, cause),
  })
}

function waysOut(path: string, cause: unknown): string {
  const { code = '' } = (cause ?? {}) as { readonly code?: string }
  const word = quoteWord(path)
  if (isForbidden(cause)) return BE_ROOT
  if (code === 'ENOSPC' || code === 'EDQUOT') return `Make room there: df -h ${word}; df -i ${word}`
  if (code === 'EROFS') return `It is mounted read-only; see findmnt -T ${word}, ${ELSEWHERE}`
  return `Look at it: ls -ld ${word}; ${ELSEWHERE}`
}

/** The store cannot be read although it is there. */
export function unreadable(path: string, cause: unknown): OvsdError {
  return new OvsdError('StateUnreadable', `${path} cannot be read: ${messageOf(cause)}.`, {
    cause,
    next: isForbidden(cause) ? BE_ROOT : `Look at it: ls -ld ${quoteWord(path)}; ${ELSEWHERE}`,
  })
}

/** The folder is none that ovsd may trust, or none at all. */
export const unsafe = (path: string, why: string, next: string): Refused =>
  new Refused('StateUnsafe', `The store ${path} is not used: ${why}.`, { next })

/** A file cannot be used, and strict is what was asked for. */
export const unusable = (path: string, why: string): Refused =>
  new Refused('StateDamaged', `${path} cannot be used: ${why}.`, { next: movingAside(path) })

/** What to type about a file that cannot be used. */
export const movingAside = (path: string): string =>
  `Put it aside: mv ${quoteWord(path)} ${quoteWord(`${path}.backup`)}; networks are written again by: ovsd state import`
