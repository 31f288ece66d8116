// What stands around the content of every file: what it is, of which version, and a checksum. The checksum finds what a disk
// or an editor did; it is no proof of who wrote it, that is the folder's owner and mode.
import { canonical, checksumOf, type Json } from './canonical.ts'
import type { StateName } from './names.ts'

const VERSION = 1

/** What a text turned out to be. */
export type Opened =
  | { readonly state: 'ok'; readonly content: Json }
  | { readonly state: 'damaged'; readonly why: string }
  | { readonly state: 'version'; readonly why: string }

/** The text of a file, with one line for each value so that people can read and compare it. */
export function sealed({ kind, id }: StateName, content: Json): string {
  const inner = { ovsd: 'state', version: VERSION, kind, id, content }
  return `${canonical({ ...inner, checksum: checksumOf(inner) }, 2)}\n`
}

/** Opens the text of a file. A file that holds something else than its name says is damaged, too. */
export function unsealed({ kind, id }: StateName, text: string): Opened {
  if (text.trim() === '') return damaged('it is empty')
  const read = parsed(text)
  if (read === undefined) return damaged('it is no JSON, or cut short')
  const { checksum, ...inner } = read
  const { version } = inner
  if (inner['ovsd'] !== 'state' || typeof version !== 'number' || !Number.isSafeInteger(version))
    return damaged('it was not written by ovsd')
  // How another version makes its checksum is not for this one to know.
  if (version !== VERSION)
    return {
      state: 'version',
      why: `it has version ${String(version)}, made by ${version > VERSION ? 'a newer' : 'an older'} ovsd; this one reads version ${String(VERSION)}`,
    }
  if (checksum !== checksumOf(inner)) return damaged('its checksum is wrong')
  if (inner['kind'] !== kind || inner['id'] !== id) return damaged('it is the file of something else')
  const { content } = inner
  return content === undefined ? damaged('it has no content') : { state: 'ok', content }
}

const damaged = (why: string): Opened => ({ state: 'damaged', why })

function parsed(text: string): Readonly<Record<string, Json>> | undefined {
  try {
    const value = JSON.parse(text) as Json
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Readonly<Record<string, Json>>)
      : undefined
  } catch {
    return undefined
  }
}
