// The store: what the Open vSwitch database cannot tell, and a copy of what it might lose. The database is the record and
// wins wherever it says something; without the store nothing is lost that can be read back.
//
// Who writes holds the host-wide lock (system/lock.ts) for as long as it plans and works, as every plan does, so what was
// read is still so when it is written. That lock ends at the network namespace; processes of two of them may share this
// folder. They cannot damage it: a file is replaced whole or not at all, and none is changed by what another one says.
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { canonical, type Json } from './canonical.ts'
import { sealed } from './envelope.ts'
import { Folder, type Undo } from './folder.ts'
import { fileNameOf, nameOfFile, type Kind, type StateName } from './names.ts'
import { unusable, unwritable } from './problems.ts'
import { replaceFile } from './replace.ts'
import { setAside } from './set-aside.ts'
import type { StateSettings } from './settings.ts'
import { readStored, type Found } from './stored-file.ts'

/** Something that the store holds. */
export interface Entry extends StateName {
  readonly content: Json
}

export class Store {
  readonly settings: StateSettings
  readonly warn: (message: string) => void

  /** `warn` is told what was not read, and what became of it. Nothing is read or made before it is asked for. */
  constructor(settings: StateSettings, warn: (message: string) => void) {
    this.settings = settings
    this.warn = warn
  }

  /** Where a thing is kept. Error: StateNameInvalid. */
  pathOf(name: StateName): string {
    return join(this.settings.folder, name.kind, fileNameOf(name))
  }

  /** Looks at one file, whatever it is. Errors: StateUnsafe, StateUnreadable. */
  async look(name: StateName): Promise<Found> {
    const file = fileNameOf(name)
    await using folder = await this.#open(name.kind)
    return folder === undefined ? { state: 'missing' } : await readStored(folder, file, name)
  }

  /**
   * Everything of a kind that can be used, in the order of the ids. Errors: StateDamaged (strict), StateUnsafe,
   * StateUnreadable.
   */
  async all(kind: Kind): Promise<readonly Entry[]> {
    await using folder = await this.#open(kind)
    if (folder === undefined) return []
    const entries: Entry[] = []
    for (const file of await folder.names()) {
      const name = nameOfFile(kind, file)
      if (name === undefined) continue
      const one = await readStored(folder, file, name)
      if (one.state === 'ok') entries.push({ ...name, content: one.content })
      else if (one.state !== 'missing') this.#pass(name, one.why)
    }
    return entries
  }

  /**
   * Writes a thing. What takes that back is added to `undo` before anything is changed; it leaves alone what somebody
   * has written since. Errors: StateUnwritable, StateDamaged (strict), StateUnsafe, StateUnreadable.
   */
  async write(name: StateName, content: Json, undo: Undo): Promise<void> {
    const file = fileNameOf(name)
    const before = await this.look(name)
    if (before.state === 'ok' && canonical(before.content) === canonical(content)) return
    if (before.state !== 'ok' && before.state !== 'missing' && !this.#mayReplace(name, before.why)) return
    const text = sealed(name, content)
    await this.#change(name, undo, async (folder) => {
      if (before.state !== 'ok' && before.state !== 'missing') await this.#putAside(folder, name, before, undo)
      undo.push(() => this.#restore(name, text, before.state === 'ok' ? before.text : undefined))
      await replaceFile(folder, file, text)
    })
  }

  /**
   * Removes a thing, whatever its file looks like. What takes that back is added to `undo`: only what could be used comes
   * back, and not in the place of something newer. Errors: StateUnwritable, StateUnsafe, StateUnreadable.
   */
  async forget(name: StateName, undo: Undo = []): Promise<void> {
    const file = fileNameOf(name)
    const before = await this.look(name)
    if (before.state === 'ok') undo.push(() => this.#bringBack(name, before.text))
    await using folder = await this.#open(name.kind)
    if (folder === undefined) return
    try {
      await unlink(folder.at(file))
      await folder.sync()
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw unwritable(this.pathOf(name), cause)
    }
  }

  /**
   * Puts a file that cannot be used aside, as `lenient` wants it. Errors: StateUnwritable, StateUnsafe, StateUnreadable.
   */
  async putAside(name: StateName, undo: Undo): Promise<void> {
    const one = await this.look(name)
    if (one.state === 'ok' || one.state === 'missing') return
    await this.#change(name, undo, (folder) => this.#putAside(folder, name, one, undo))
  }

  /** Opens the folder of a kind, as far as there is one. */
  async #open(kind: Kind): Promise<Folder | undefined> {
    await using top = await Folder.open(this.settings.folder)
    return await top?.folder(kind)
  }

  async #change(name: StateName, undo: Undo, change: (folder: Folder) => Promise<void>): Promise<void> {
    try {
      await using top = await Folder.make(this.settings.folder, undo)
      await using folder = await top.makeFolder(name.kind, undo)
      await change(folder)
    } catch (cause) {
      throw unwritable(this.pathOf(name), cause)
    }
  }

  /** What is not read: an error, or a warning. */
  #pass(name: StateName, why: string): void {
    const path = this.pathOf(name)
    if (this.settings.recovery === 'strict') throw unusable(path, why)
    this.warn(`${path} is left out: ${why}.`)
  }

  /** Whether something may be written in the place of what cannot be used. */
  #mayReplace(name: StateName, why: string): boolean {
    const path = this.pathOf(name)
    if (this.settings.recovery === 'strict') throw unusable(path, why)
    if (this.settings.recovery === 'lenient') return true
    this.warn(`${path} is left as it is, and what is new is not written: ${why}.`)
    return false
  }

  async #putAside(folder: Folder, name: StateName, { why }: { readonly why: string }, undo: Undo): Promise<void> {
    if (!this.settings.backup) return
    const file = fileNameOf(name)
    const backup = await setAside(folder, file)
    undo.push(() => this.#takeBack(name, backup))
    this.warn(`${this.pathOf(name)} cannot be used: ${why}. It is kept as ${backup}.`)
  }

  async #takeBack(name: StateName, backup: string): Promise<void> {
    await using folder = await this.#open(name.kind)
    if (folder === undefined || (await this.look(name)).state !== 'missing') return
    await folder.rename(backup, fileNameOf(name))
  }

  async #restore(name: StateName, written: string, before: string | undefined): Promise<void> {
    const now = await this.look(name)
    if (now.state !== 'ok' || now.text !== written) return
    if (before === undefined) {
      await this.forget(name)
      return
    }
    await this.#change(name, [], (folder) => replaceFile(folder, fileNameOf(name), before))
  }

  async #bringBack(name: StateName, before: string): Promise<void> {
    if ((await this.look(name)).state !== 'missing') return
    await this.#change(name, [], (folder) => replaceFile(folder, fileNameOf(name), before))
  }
}
