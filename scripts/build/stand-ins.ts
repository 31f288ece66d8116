// The code that stands for a module in the bundle. substitutes.ts says which modules, and why.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { keyOf } from './node-modules.ts'

const require = createRequire(import.meta.url)

/** An import that begins with this means the real module. */
export const REAL_PREFIX = 'real:'

/** Code for a module that must not be reached: every use of it fails, and says which module it was. */
export async function absence(path: string): Promise<string> {
  const exported = await load(path)
  const message = `${keyOf(path)} was left out of this build of ovsd, but was needed (scripts/build/substitutes.ts)`
  const fail = `function fail() { throw new Error(${JSON.stringify(message)}) }`
  if (isModule(exported)) {
    const names = Object.keys(exported).map((name) =>
      name === 'default' ? 'export default fail' : `export { fail as ${name} }`,
    )
    return [fail, ...names].join('\n')
  }
  // TypeScript's import helper looks at __esModule; everything else is a use.
  const isHelped = String('__esModule' in exported)
  return `${fail}
    module.exports = new Proxy(fail, { get: (_, key) => key === '__esModule' ? ${isHelped} : fail(), construct: fail })`
}

/**
 * CommonJS code for a module that runs when something of it is first used, and not when it is imported. A default import
 * of an ES module gets the facade itself; asking that for anything the module does not have fails.
 */
export async function facade(path: string): Promise<string> {
  const exported = await load(path)
  const getters = Object.keys(exported)
    .filter((name) => /^[A-Za-z_$][\w$]*$/.test(name))
    .map((name) => `${name}: { enumerable: true, configurable: true, get: () => load().${name} }`)
  return `let real
    const load = () => (real ??= require(${JSON.stringify(REAL_PREFIX + path)}))
    const known = Object.defineProperties(${typeof exported === 'function' ? 'function () {}' : '{}'}, { ${getters.join(', ')} })
    module.exports = new Proxy(known, {
      get(_, key) {
        if (key === '__esModule') return ${String('__esModule' in exported && !isModule(exported))}
        if (typeof key === 'symbol' || key in load()) return load()[key]
        throw new TypeError(${JSON.stringify(keyOf(path))} + ' has no ' + key)
      },
      apply: (_, self, values) => Reflect.apply(load(), self, values),
    })`
}

const isModule = (exported: object): boolean => Object.prototype.toString.call(exported) === '[object Module]'

async function load(path: string): Promise<object> {
  try {
    return require(path) as object
  } catch {
    return (await import(pathToFileURL(path).href)) as object
  }
}
