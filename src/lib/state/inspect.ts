import { lstat } from 'node:fs/promises'
import { join } from 'node:path'
import { OvsdError } from '../errors.ts'
import { Folder } from './folder.ts'
import { isBackup, isKind, isUnfinished, KINDS, nameOfFile, type Kind, type StateName } from './names.ts'
import { movingAside } from './problems.ts'
import { quoteWord } from './quote.ts'
import type { Store } from './store.ts'
import { readStored, type Found } from './stored-file.ts'

/**
 * What a file, or a folder, of the store is: as it should be; not to be used (damaged, of another version, perhaps written
 * by somebody else); readable for others; put aside earlier; left by a killed run; or nothing of the store's.
 */
export type FileState = 'ok' | 'damaged' | 'version' | 'unsafe' | 'open' | 'backup' | 'unfinished' | 'stray'

/** One file or folder of the store, and what to type about it. */
export interface FileReport {
  /** Path within the store; `.` is the store itself. */
  readonly file: string
  readonly name: StateName | undefined
  readonly state: FileState
  readonly why: string | undefined
  readonly next: string | undefined
  /** What can be read although something is not as it should be. */
  readonly found: Extract<Found, { readonly state: 'ok' }> | undefined
}

const READABLE_BY_OTHERS = 0o077

/** Looks at everything in the store and changes nothing, whatever is wrong with it. Undefined when there is no store. */
export async function inspectStore(store: Store): Promise<readonly FileReport[] | undefined> {
  const path = store.settings.folder
  try {
    await using top = await Folder.open(path)
    return top === undefined ? undefined : [...openToOthers('.', top), ...(await everything(top))]
  } catch (error) {
    return [problem('.', error)]
  }
}

async function everything(top: Folder): Promise<readonly FileReport[]> {
  const inside = await Promise.all(KINDS.map((kind) => ofKind(top, kind)))
  const others = (await top.names()).filter((name) => !isKind(name))
  return [...inside.flat(), ...others.map((name) => report(name, 'stray', { why: NOT_OURS }))]
}

async function ofKind(top: Folder, kind: Kind): Promise<readonly FileReport[]> {
  try {
    await using folder = await top.folder(kind)
    if (folder === undefined) return []
    const reports = [...openToOthers(kind, folder)]
    for (const file of await folder.names()) reports.push(await ofFile(folder, kind, file))
    return reports
  } catch (error) {
    return [problem(kind, error)]
  }
}

async function ofFile(folder: Folder, kind: Kind, file: string): Promise<FileReport> {
  const shown = join(kind, file)
  const word = quoteWord(join(folder.path, file))
  const name = nameOfFile(kind, file)
  if (name === undefined) {
    if (isBackup(file))
      return report(shown, 'backup', { why: 'it was put aside', next: `When nobody needs it: rm ${word}` })
    if (isUnfinished(file))
      return report(shown, 'unfinished', { why: 'a run was killed while it wrote it', next: `Remove it: rm ${word}` })
    return report(shown, 'stray', { why: NOT_OURS })
  }
  try {
    const found = await readStored(folder, file, name)
    if (found.state === 'missing') return report(shown, 'stray', { why: 'it is gone again' })
    if (found.state !== 'ok')
      return report(shown, found.state, { name, why: found.why, next: movingAside(join(folder.path, file)) })
    const { mode } = await lstat(folder.at(file))
    return (mode & READABLE_BY_OTHERS) === 0
      ? report(shown, 'ok', { name, found })
      : report(shown, 'open', { name, found, why: modeOf(mode), next: `Keep it to root: chmod 600 ${word}` })
  } catch (error) {
    return { ...problem(shown, error), name }
  }
}

const NOT_OURS = 'it is nothing of ovsd'

/** Others may look into a folder: nothing is lost by it, and it is no way to keep what concerns nobody else. */
const openToOthers = (file: string, { mode, path }: Folder): readonly FileReport[] =>
  (mode & READABLE_BY_OTHERS) === 0
    ? []
    : [report(file, 'open', { why: modeOf(mode), next: `Keep it to root: chmod 700 ${quoteWord(path)}` })]

const modeOf = (mode: number): string => `others can read it (mode ${(mode & 0o777).toString(8).padStart(4, '0')})`

function problem(file: string, error: unknown): FileReport {
  if (!(error instanceof OvsdError)) throw error
  return report(file, 'unsafe', { why: error.message.replace(/\.$/, ''), next: error.next })
}

const report = (
  file: string,
  state: FileState,
  { name, why, next, found }: Partial<Omit<FileReport, 'file' | 'state'>>,
): FileReport => ({ file, name, state, why, next, found })
