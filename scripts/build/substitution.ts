// Leaves parts of libraries out of the bundle, or puts off running them. Which and why is said in substitutes.ts; this
// file only does it.
import { isBuiltin } from 'node:module'
import { join } from 'node:path'
import { build as bundle, type BuildOptions, type OnLoadResult, type Plugin, type PluginBuild } from 'esbuild'
import { root } from './layout.ts'
import { keyOf, packageOf } from './node-modules.ts'
import { absence, facade, REAL_PREFIX } from './stand-ins.ts'
import { absent, apart, lazy, lazyBuiltins, ours } from './substitutes.ts'

const folder = join(import.meta.dirname, 'substitutes')
/** Imports with this mark mean the real module. */
const REAL = { real: true }

/** The esbuild plugin. It ends with an error if the tables speak of something that is not there (any more). */
export function substitution(): Plugin {
  const used = new Set<string>()
  return {
    name: 'substitution',
    setup(build) {
      substitute(build, used)
      build.onEnd(() => {
        const unused = Object.keys({ ...absent, ...lazy, ...ours, ...apart }).filter((key) => !used.has(key))
        if (unused.length > 0)
          throw new Error(`substitutes.ts speaks of modules that are not bundled: ${unused.join(', ')}`)
      })
    },
  }
}

function substitute(build: PluginBuild, used: Set<string>): void {
  build.onResolve({ filter: /.*/ }, async ({ path, importer, kind, resolveDir, pluginData }) => {
    if (kind === 'entry-point') return undefined
    if (path.startsWith(REAL_PREFIX)) {
      const real = path.slice(REAL_PREFIX.length)
      return { path: real, external: isBuiltin(real) }
    }
    // A substitute itself imports what is real.
    if (pluginData === REAL || importer.startsWith(folder)) return undefined
    const from = packageOf(keyOf(importer))
    if (isBuiltin(path)) {
      const name = path.replace(/^node:/, '')
      return lazyBuiltins[from]?.includes(name) === true
        ? { path: `node:${name}`, namespace: 'lazy-builtin' }
        : undefined
    }
    const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: REAL })
    const [name, how] = lookUp(keyOf(resolved.path), from)
    if (how === undefined) return resolved
    used.add(name)
    if (how === 'ours') return { path: join(folder, ours[name]?.file ?? '') }
    // Under its own path a file called .mjs would be taken for an ES module, and what stands for it is none.
    return { path: keyOf(resolved.path).replace(/\.mjs$/, ''), namespace: how, pluginData: resolved.path }
  })
  const load = (namespace: string, code: (path: string) => Promise<string>): void => {
    build.onLoad({ filter: /.*/, namespace }, async ({ path, pluginData }): Promise<OnLoadResult> => {
      return { contents: await code((pluginData as string | undefined) ?? path), resolveDir: root }
    })
  }
  load('absent', absence)
  load('lazy', facade)
  load('lazy-builtin', facade)
  load('apart', (path) => setApart(build.initialOptions, path, used))
}

/** The entry of the tables for a file. One for a whole package is about its use by others, not by its own files. */
function lookUp(key: string, from: string): [name: string, how: 'absent' | 'lazy' | 'ours' | 'apart' | undefined] {
  const names = packageOf(key) === from ? [key] : [key, packageOf(key)]
  for (const name of names) {
    if (name in absent) return [name, 'absent']
    if (name in lazy) return [name, 'lazy']
    if (name in ours) return [name, 'ours']
    if (name in apart) return [name, 'apart']
  }
  return [key, undefined]
}

/** A library with everything below it as one CommonJS module, whose inside V8 does not look at before it is needed. */
async function setApart(options: BuildOptions, path: string, used: Set<string>): Promise<string> {
  const inner: BuildOptions = { ...options, metafile: false, entryPoints: [path] }
  delete inner.stdin
  inner.plugins = [
    {
      name: 'substitution',
      setup(build) {
        substitute(build, used)
      },
    },
  ]
  const { outputFiles: [output] = [] } = await bundle(inner)
  return output?.text ?? ''
}
