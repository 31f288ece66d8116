// Where things are. Everything that the build writes goes below dist/.
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')
export const dist = join(root, 'dist')
/** Intermediate files, kept for looking at them. */
export const work = join(dist, 'work')
/** The pinned Node 26: it runs the build and becomes the executable. */
export const pinnedNode = join(root, 'node_modules/.bin/node')
