import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { messageOf } from '../errors.ts'

/** What became of reading a file that only an administrator may have written. */
export type TrustedText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly why: string; readonly cause: unknown }
  | { readonly kind: 'unsafe'; readonly why: string }

/** Files of settings are some pages long; what is larger is not one of them. */
const MOST_BYTES = 1024 * 1024

const WRITABLE_BY_OTHERS = 0o022

/**
 * Reads a whole file of at most 1 MiB, if it is a regular file of root (or of the user that ovsd runs as) that nobody
 * else can write. The last part of the path may not be a symbolic link. What is checked is the file that was opened, not
 * what has that name at another time.
 */
export async function readTrusted(path: string): Promise<TrustedText> {
  try {
    // O_NONBLOCK: a named pipe must not be waited for.
    await using file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    const stat = await file.stat()
    const { uid, mode, size } = stat
    if (!stat.isFile()) return unsafe('it is not a regular file')
    if (uid !== 0 && uid !== process.geteuid?.()) return unsafe(`it belongs to user ${String(uid)}, not to root`)
    if ((mode & WRITABLE_BY_OTHERS) !== 0) return unsafe('others than its owner can write it')
    if (size > MOST_BYTES) return unsafe(`it has more than ${String(MOST_BYTES)} bytes`)
    return { kind: 'text', text: await file.readFile('utf8') }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return { kind: 'missing' }
    if (code === 'ELOOP') return unsafe('it is a symbolic link; the path of the file itself has to be named')
    return { kind: 'unreadable', why: messageOf(cause), cause }
  }
}

const unsafe = (why: string): TrustedText => ({ kind: 'unsafe', why })
