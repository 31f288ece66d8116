// Copies programs of this machine into another root, with everything that the kernel needs to start them.
import { execFileSync } from 'node:child_process'
import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'

/** Folders of the root that are links into /usr on most systems of today. */
const MERGED = ['/bin', '/sbin', '/lib', '/lib64']

export class Copier {
  readonly #root: string
  readonly #done = new Set<string>()

  /** Copies into this folder, which is a root like this machine's. */
  constructor(root: string) {
    this.#root = root
    for (const folder of MERGED)
      if (existsSync(folder) && lstatSync(folder).isSymbolicLink()) this.#link(readlinkSync(folder), folder)
  }

  /** A program or a library, at its own path, with the libraries that it is linked with. */
  program(path: string): void {
    this.librariesOf(this.file(path))
  }

  /** The libraries that a program is linked with, without itself. */
  librariesOf(path: string): void {
    for (const library of librariesOf(path)) this.file(library)
  }

  /** Every library of a folder that is looked up at run time; nothing when there is none. */
  modules(folder: string): void {
    if (!existsSync(folder)) return
    for (const name of readdirSync(folder).filter((one) => one.endsWith('.so'))) this.program(join(folder, name))
  }

  /** A file at its own path, and every link on the way to it. Gives the path that is no link. */
  file(path: string): string {
    // Where it is once the links of its folder are followed: the same is true in the copy.
    const place = join(realpathSync(dirname(path)), basename(path))
    const isLink = lstatSync(place).isSymbolicLink()
    if (!this.#done.has(place)) {
      this.#done.add(place)
      mkdirSync(this.#in(dirname(place)), { recursive: true })
      if (isLink) this.#link(readlinkSync(place), place)
      else copyFileSync(place, this.#in(place), constants.COPYFILE_FICLONE)
    }
    return isLink ? this.file(resolve(dirname(place), readlinkSync(place))) : place
  }

  #link(target: string, path: string): void {
    mkdirSync(this.#in(dirname(path)), { recursive: true })
    symlinkSync(target, this.#in(path))
  }

  #in(path: string): string {
    return join(this.#root, path)
  }
}

/** Paths of the libraries that a program is linked with, the loader among them; none for a static one. Error: one is missing. */
function librariesOf(path: string): readonly string[] {
  let text
  try {
    text = execFileSync('ldd', [path], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    if (/not a dynamic executable|statically linked/.test(stdout + stderr)) return []
    throw error
  }
  const missing = /^\s*(\S+) => not found/m.exec(text)?.[1]
  if (missing !== undefined) throw new Error(`${path} needs ${missing}, which is not here`)
  return [...text.matchAll(/(?:=> |^\s*)(\/\S+) \(0x/gm)].map(([, library = '']) => library)
}
