// Where things are. Everything that the build writes goes below dist/.
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')
export const dist = join(root, 'dist')
/** Everything is made here and moved to its place when it is done: what is in dist/ works even while it is built anew. */
export const work = join(dist, `work-${String(process.pid)}`)
/** The pinned Node 26: it runs the build and becomes the executable. */
export const pinnedNode = join(root, 'node_modules/.bin/node')
