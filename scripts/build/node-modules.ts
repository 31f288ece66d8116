import { realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import { root } from './layout.ts'

// esbuild gives real paths, and node_modules may be a link.
const modules = realpathSync(join(root, 'node_modules'))

/** Path below node_modules ("ejs/lib/cjs/ejs.js"); that of a file elsewhere begins with "..". */
export const keyOf = (path: string): string => relative(modules, path)

/** The package that a file of such a path belongs to. */
export const packageOf = (key: string): string => key.split('/', key.startsWith('@') ? 2 : 1).join('/')
