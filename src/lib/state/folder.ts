// Folders of the store are held open, and everything in them is reached through the descriptor (/proc/self/fd/N/NAME is
// what openat(2) does, which Node has no function for): nobody can put another folder, or a link, in the place of one that
// was looked at.
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, readlink, rename, rmdir, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { unreadable, unsafe, unwritable } from './problems.ts'
import { quoteWord } from './quote.ts'

const OPEN = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW
const PRIVATE = 0o700
const WRITABLE_BY_OTHERS = 0o022
const STICKY = 0o1000

/** What takes a change back, newest last. Each does nothing when there is nothing of its change. */
export type Undo = (() => Promise<void>)[]

/** A folder, held open until it is disposed. */
export class Folder implements AsyncDisposable {
  /** Its path, for people. */
  readonly path: string
  readonly mode: number
  readonly #handle: FileHandle

  constructor(path: string, mode: number, handle: FileHandle) {
    this.path = path
    this.mode = mode
    this.#handle = handle
  }

  /** Opens a folder; undefined when there is none. Errors: StateUnsafe, StateUnreadable. */
  static async open(path: string): Promise<Folder | undefined> {
    return await opened(path, path, refuseAncestors)
  }

  /** Opens a folder, and makes it, and those that it is in, when there is none. Errors: also StateUnwritable. */
  static async make(path: string, undo: Undo): Promise<Folder> {
    return (await Folder.open(path)) ?? (await made(path, path, undo, () => Folder.open(path)))
  }

  /** Opens a folder in this one; undefined when there is none. Errors: StateUnsafe, StateUnreadable. */
  async folder(name: string): Promise<Folder | undefined> {
    return await opened(this.at(name), join(this.path, name))
  }

  /** As `folder`, but makes it when there is none. Errors: also StateUnwritable. */
  async makeFolder(name: string, undo: Undo): Promise<Folder> {
    const found = await this.folder(name)
    if (found !== undefined) return found
    // This folder may be closed by the time that is undone.
    const path = join(this.path, name)
    return await made(this.at(name), path, undo, () => this.folder(name))
  }

  /** The path by which the system reaches a name in this folder, and no other. */
  at(name: string): string {
    return `/proc/self/fd/${String(this.#handle.fd)}/${name}`
  }

  async names(): Promise<readonly string[]> {
    return (await readdir(this.at('.'))).sort()
  }

  /** Gives a file another name; what had that is gone. Errors: those of the system. */
  async rename(from: string, to: string): Promise<void> {
    await rename(this.at(from), this.at(to))
    await this.sync()
  }

  /** Waits until names that were written, changed or removed are on the disk. */
  async sync(): Promise<void> {
    await this.#handle.sync()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close()
  }
}

async function opened(
  location: string,
  path: string,
  check: (handle: FileHandle, path: string) => Promise<void> = () => Promise.resolve(),
): Promise<Folder | undefined> {
  let handle: FileHandle
  try {
    handle = await open(location, OPEN)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // The system says ENOTDIR for a link as well.
    if (code === 'ENOTDIR' || code === 'ELOOP') throw await notAFolder(location, path)
    throw unreadable(path, cause)
  }
  try {
    const { uid, mode } = await handle.stat()
    const word = quoteWord(path)
    if (!isTrusted(uid))
      throw unsafe(path, `it belongs to user ${String(uid)}, not to root`, `Give it to root: chown -R root: ${word}`)
    if ((mode & WRITABLE_BY_OTHERS) !== 0)
      throw unsafe(path, 'others than its owner can write to it', `Keep it to root: chmod 700 ${word}`)
    await check(handle, path)
    return new Folder(path, mode & 0o7777, handle)
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Root, or whoever ovsd runs as. */
const isTrusted = (uid: number): boolean => uid === 0 || uid === process.geteuid?.()

async function notAFolder(location: string, path: string): Promise<Error> {
  const word = quoteWord(path)
  const isLink = (await lstat(location).catch(() => undefined))?.isSymbolicLink() === true
  const isTop = location === path
  return unsafe(
    path,
    isLink ? 'it is a symbolic link' : 'it is not a folder',
    isLink && isTop
      ? `Name the folder itself: --state-dir="$(readlink -f ${word})"`
      : `Move it out of the way: mv ${word} ${quoteWord(`${path}.old`)}`,
  )
}

/** Whoever can rename a folder above the store can put another store in its place. */
async function refuseAncestors(handle: FileHandle, path: string): Promise<void> {
  const real = await readlink(`/proc/self/fd/${String(handle.fd)}`)
  for (let above = dirname(real); ; above = dirname(above)) {
    const { uid, mode } = await lstat(above)
    const word = quoteWord(above)
    if (!isTrusted(uid))
      throw unsafe(path, `${above} belongs to user ${String(uid)}, not to root`, `Give it to root: chown root: ${word}`)
    // In a folder such as /tmp everybody can rename only what is their own.
    if ((mode & WRITABLE_BY_OTHERS) !== 0 && (mode & STICKY) === 0)
      throw unsafe(path, `others can write to ${above}`, `Keep it to its owner: chmod go-w ${word}`)
    if (above === dirname(above)) return
  }
}

async function made(
  location: string,
  path: string,
  undo: Undo,
  openIt: () => Promise<Folder | undefined>,
): Promise<Folder> {
  try {
    await makeAll(location, path, undo)
    const folder = await openIt()
    if (folder !== undefined) return folder
  } catch (cause) {
    throw unwritable(path, cause)
  }
  throw unwritable(path, new Error('somebody removed it while it was being made'))
}

/** Makes a folder, and those that it is in. Node's own way says "no such file" of a read-only disk. */
async function makeAll(location: string, path: string, undo: Undo): Promise<void> {
  try {
    await mkdir(location, PRIVATE)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    // Another process was quicker, or something else is there, which opening it will tell.
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || location !== path || dirname(path) === path) throw cause
    await makeAll(dirname(path), dirname(path), undo)
    await mkdir(location, PRIVATE)
  }
  undo.push(() => removed(path))
  await using above = await open(dirname(location), constants.O_RDONLY | constants.O_DIRECTORY)
  await above.sync()
}

/** Removes a folder unless somebody has put something into it. */
async function removed(path: string): Promise<void> {
  try {
    await rmdir(path)
  } catch (cause) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause
  }
}
