import { join } from 'node:path'
import { isForbidden } from '../errors.ts'
import { readTrusted } from '../system/trusted-file.ts'
import type { Json } from './canonical.ts'
import { unsealed } from './envelope.ts'
import type { Folder } from './folder.ts'
import type { StateName } from './names.ts'
import { unreadable } from './problems.ts'

/** A file as it was found. `unsafe`: somebody else may have written it. */
export type Found =
  | { readonly state: 'ok'; readonly content: Json; readonly text: string }
  | { readonly state: 'missing' }
  | { readonly state: 'damaged' | 'version' | 'unsafe'; readonly why: string }

/** Reads a file of a folder that is held open. Error: StateUnreadable, where it is not for this user. */
export async function readStored(folder: Folder, file: string, name: StateName): Promise<Found> {
  const read = await readTrusted(folder.at(file))
  switch (read.kind) {
    case 'missing':
      return { state: 'missing' }
    case 'unsafe':
      return { state: 'unsafe', why: read.why }
    case 'unreadable':
      if (isForbidden(read.cause)) throw unreadable(join(folder.path, file), read.cause)
      return { state: 'damaged', why: read.why }
    case 'text': {
      const one = unsealed(name, read.text)
      return one.state === 'ok' ? { ...one, text: read.text } : one
    }
  }
}
