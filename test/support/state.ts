// A store in a folder of its own, and what a test wants to know of it.
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '../../src/lib/state/canonical.ts'
import type { StateName } from '../../src/lib/state/names.ts'
import { stateSettings, type StateSettings } from '../../src/lib/state/settings.ts'
import { Store } from '../../src/lib/state/store.ts'
import { temporaryFolder, type TemporaryFolder } from './socket-server.ts'

/** Ids as Docker and records have them. */
export const ID = 'a1'.repeat(32)
export const ID2 = 'b2'.repeat(32)

export const network = (id = ID): StateName => ({ kind: 'networks', id })

/** A store in a new folder, which is not made before something is written. */
export interface TestStore extends TemporaryFolder {
  /** The store; `path` is a path within the folder that disappears. */
  readonly store: Store
  readonly folder: string
  readonly warnings: readonly string[]
  /** Another store in the same place. */
  as(settings: Partial<StateSettings>): Store
  /** The path of a thing. */
  of(name: StateName): string
}

export function testStore(settings: Partial<StateSettings> = {}): TestStore {
  const outer = temporaryFolder()
  const folder = join(outer.path, 'store')
  const warnings: string[] = []
  const as = (more: Partial<StateSettings>): Store =>
    new Store({ ...stateSettings(folder, {}), ...settings, ...more }, (message) => warnings.push(message))
  const store = as({})
  return {
    ...{ path: outer.path, folder, warnings, store, as },
    of: (name) => store.pathOf(name),
    [Symbol.dispose]() {
      outer[Symbol.dispose]()
    },
  }
}

/** Writes without ever taking it back. */
export const keep = (store: Store, name: StateName, content: Json): Promise<void> => store.write(name, content, [])

/** Everything below a folder by its path: what each file says, where a link leads, the mode of each. */
export function treeOf(folder: string): Readonly<Record<string, string>> {
  const all = readdirSync(folder, { recursive: true, withFileTypes: true })
  return Object.fromEntries(
    all.map((one) => {
      const path = join(one.parentPath, one.name)
      const mode = (lstatSync(path).mode & 0o7777).toString(8)
      const text = one.isSymbolicLink() ? `-> ${readlinkSync(path)}` : one.isFile() ? readFileSync(path, 'utf8') : '/'
      return [path.slice(folder.length + 1), `${mode} ${text}`]
    }),
  )
}
