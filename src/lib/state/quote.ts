import { isPlain } from '../system/command.ts'

/** A path as it can be pasted into a shell. */
export const quoteWord = (text: string): string =>
  isPlain(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
