// A network as text: in the external_ids of its bridge, and of its logical switch.
import { ABOUT_HOST, LISTS, NOT_SHARED, TEXTS, wordsWithout, type NetworkWords } from './words.ts'

/** What the place of a record says already, and what was asked of the host. */
const HERE = ['name', 'bridge', ...ABOUT_HOST] as const

/** The record of a network as text: everything but its name and its place, and what was asked of the host. */
export const recordText = (words: NetworkWords): string => JSON.stringify(wordsWithout(words, HERE))

/** The same for all hosts that share the network: who made it on one of them, and what is copied there, is nothing to the others. */
export const sharedRecordText = (words: NetworkWords): string =>
  JSON.stringify(wordsWithout(words, [...HERE, ...NOT_SHARED]))

/** The words of a record; undefined for one that is damaged. */
export function readRecord(
  value: string,
): (Omit<NetworkWords, 'name'> & Readonly<Record<string, unknown>>) | undefined {
  try {
    const words = JSON.parse(value) as Readonly<Record<string, unknown>> | null
    if (words === null || typeof words !== 'object') return undefined
    const isText = (one: unknown): boolean => typeof one === 'string'
    const isList = (one: unknown): boolean => Array.isArray(one) && one.every(isText)
    const isFine =
      LISTS.every((key) => words[key] === undefined || isList(words[key])) &&
      TEXTS.every((key) => words[key] === undefined || isText(words[key]))
    return isFine ? words : undefined
  } catch {
    return undefined
  }
}
