// Leaves parts of libraries out of the bundle, or puts off running them. Which and why is said in substitutes.ts; this
// file only does it.
import { realpathSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  build as bundle,
  type BuildOptions,
  type OnLoadResult,
  type OnResolveArgs,
  type OnResolveResult,
  type Plugin,
  type PluginBuild,
} from 'esbuild'
import { root } from './layout.ts'
import { absent, apart, lazy, lazyBuiltins, ours, plainBuiltins } from './substitutes.ts'

const require = createRequire(import.meta.url)
// esbuild gives real paths, and node_modules may be a link.
const modules = realpathSync(join(root, 'node_modules'))
const folder = join(import.meta.dirname, 'substitutes')

/** Imports with this mark mean the real module. */
const REAL = { real: true }
/** The same, in the code of a facade. */
const REAL_PREFIX = 'real:'

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
  build.onResolve({ filter: /.*/ }, async (args) => {
    const { path, importer, kind } = args
    if (kind === 'entry-point') return undefined
    if (path.startsWith(REAL_PREFIX)) {
      const real = path.slice(REAL_PREFIX.length)
      return { path: real, external: isBuiltin(real) }
    }
    // A substitute itself imports what is real.
    if (args.pluginData === REAL || importer.startsWith(folder)) return undefined
    if (isBuiltin(path)) return builtin(args)
    const { resolveDir } = args
    const resolved = await build.resolve(path, { importer, kind, resolveDir, pluginData: REAL })
    const [name, how] = lookUp(keyOf(resolved.path), packageOf(keyOf(importer)))
    if (how === undefined) return resolved
    used.add(name)
    if (how === 'ours') return { path: join(folder, ours[name]?.file ?? '') }
    // Under its own path a file called .mjs would be taken for an ES module, and what stands for it is none.
    return { path: keyOf(resolved.path).replace(/\.mjs$/, ''), namespace: how, pluginData: resolved.path }
  })
  build.onLoad({ filter: /.*/, namespace: 'apart' }, ({ pluginData }) =>
    setApart(build.initialOptions, pluginData as string, used),
  )
  build.onLoad({ filter: /.*/, namespace: 'absent' }, ({ pluginData }) => absence(pluginData as string))
  build.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ pluginData }) => lazily(pluginData as string))
  build.onLoad({ filter: /.*/, namespace: 'lazy-builtin' }, ({ path }) => ({
    contents: facade(path, require(path) as object),
  }))
  build.onLoad({ filter: /.*/, namespace: 'plain-builtin' }, ({ path }) => plainly(path))
}

function builtin({ path, importer, kind }: OnResolveArgs): OnResolveResult | undefined {
  const name = path.replace(/^node:/, '')
  if (lazyBuiltins[packageOf(keyOf(importer))]?.includes(name) === true)
    return { path: `node:${name}`, namespace: 'lazy-builtin' }
  if (kind === 'import-statement' && plainBuiltins.includes(name))
    return { path: `node:${name}`, namespace: 'plain-builtin' }
  return undefined
}

/** Path below node_modules ("ejs/lib/cjs/ejs.js"); files elsewhere begin with "..". */
const keyOf = (path: string): string => relative(modules, path)

const packageOf = (key: string): string => key.split('/', key.startsWith('@') ? 2 : 1).join('/')

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

const load = async (path: string): Promise<object> => {
  try {
    return require(path) as object
  } catch {
    return (await import(pathToFileURL(path).href)) as object
  }
}

const isModule = (exported: object): boolean => Object.prototype.toString.call(exported) === '[object Module]'
const isIdentifier = (name: string): boolean => /^[A-Za-z_$][\w$]*$/.test(name)

/** A module that must not be reached: every use of it fails, and says which module it was. */
async function absence(path: string): Promise<OnLoadResult> {
  const exported = await load(path)
  const message = `${keyOf(path)} was left out of this build of ovsd, but was needed (scripts/build/substitutes.ts)`
  const fail = `function fail() { throw new Error(${JSON.stringify(message)}) }`
  if (isModule(exported)) {
    const names = Object.keys(exported).map((name) =>
      name === 'default' ? 'export default fail' : `export { fail as ${name} }`,
    )
    return { contents: [fail, ...names].join('\n') }
  }
  // TypeScript's import helper looks at __esModule; everything else is a use.
  return {
    contents: `${fail}
      module.exports = new Proxy(fail, { get: (_, key) => key === '__esModule' ? ${String('__esModule' in exported)} : fail(), construct: fail })`,
  }
}

/** A module that runs when something of it is first used, and not when it is imported. */
async function lazily(path: string): Promise<OnLoadResult> {
  return { contents: facade(path, await load(path)) }
}

/**
 * CommonJS code that stands for a module and loads it on first use. A default import of an ES module would get the
 * facade itself; asking that for anything the module does not have fails.
 */
function facade(target: string, exported: object): string {
  const getters = Object.keys(exported)
    .filter((name) => isIdentifier(name))
    .map((name) => `${name}: { enumerable: true, configurable: true, get: () => load().${name} }`)
  return `let real
    const load = () => (real ??= require(${JSON.stringify(REAL_PREFIX + target)}))
    const known = Object.defineProperties(${typeof exported === 'function' ? 'function () {}' : '{}'}, { ${getters.join(', ')} })
    module.exports = new Proxy(known, {
      get(_, key) {
        if (key === '__esModule') return ${String('__esModule' in exported && !isModule(exported))}
        if (typeof key === 'symbol' || key in load()) return load()[key]
        throw new TypeError(${JSON.stringify(keyOf(target))} + ' has no ' + key)
      },
      apply: (_, self, values) => Reflect.apply(load(), self, values),
    })`
}

/** A part of Node as an ES module: see plainBuiltins. Its getters are left out, because reading them has effects. */
function plainly(path: string): OnLoadResult {
  const properties = Object.entries(Object.getOwnPropertyDescriptors(require(path) as object))
  const names = properties
    .filter(([name, { value }]) => value !== undefined && isIdentifier(name))
    .map(([name]) => name)
  return {
    contents: `const real = require(${JSON.stringify(REAL_PREFIX + path)})
      export default real
      export const { ${names.filter((name) => name !== 'default').join(', ')} } = real`,
  }
}

/** A library with everything below it as one CommonJS module, whose inside V8 does not look at before it is needed. */
async function setApart(options: BuildOptions, path: string, used: Set<string>): Promise<OnLoadResult> {
  const inner: BuildOptions = {
    ...options,
    metafile: false,
    entryPoints: [path],
    plugins: [
      {
        name: 'substitution',
        setup(build) {
          substitute(build, used)
        },
      },
    ],
  }
  delete inner.stdin
  const { outputFiles = [] } = await bundle(inner)
  return { contents: outputFiles[0]?.text ?? '', resolveDir: root }
}
