import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build as esbuild, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import type { Manifest } from '../../src/oclif-plugin.ts'
import { root } from './layout.ts'
import { packageJson } from './manifest.ts'
import { substitution } from './substitution.ts'

export interface Bundle {
  /** The program as one CommonJS file, without a first line for the shell. */
  readonly code: string
  readonly metafile: Metafile
}

const ENTRY = `
  import { main } from './src/main.ts'
  import manifest from 'ovsd:manifest'
  void main(manifest)
`

/** Puts the program, its libraries and its manifest into one file. `target` is the oldest Node that must parse it. */
export async function bundle(manifest: Manifest, target: string, more: BuildOptions = {}): Promise<Bundle> {
  const { outputFiles, metafile } = await esbuild({
    stdin: { contents: ENTRY, resolveDir: root, sourcefile: 'entry.ts', loader: 'ts' },
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'cjs',
    target,
    // import() of an ES module makes Node load its ES module loader; within one file it can be a deferred require.
    supported: { 'dynamic-import': false },
    // Names stay: stack traces and oclif show them, and esbuild's keepNames would cost a call per function at each start.
    minifySyntax: true,
    minifyWhitespace: true,
    // Node prints the line in which an uncaught error was thrown.
    lineLimit: 160,
    // One byte per character: the code is kept as such in memory, and hashed and copied faster.
    charset: 'ascii',
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [embedded(manifest), substitution()],
    ...more,
  })
  const [output] = outputFiles ?? []
  if (output === undefined || metafile === undefined) throw new Error('esbuild gave no output')
  return { code: output.text, metafile }
}

/** Serves the manifest as a module. */
function embedded(manifest: Manifest): Plugin {
  return {
    name: 'manifest',
    setup(build) {
      build.onResolve({ filter: /^ovsd:manifest$/ }, ({ path }) => ({ path, namespace: 'manifest' }))
      build.onLoad({ filter: /.*/, namespace: 'manifest' }, () => ({
        // As text: parsing it takes less time than creating it from code.
        contents: `export default JSON.parse(${JSON.stringify(JSON.stringify(manifest))})`,
      }))
    },
  }
}

/** Lines before the program that refuse a Node it cannot run on, in the JavaScript that every Node understands. */
export function nodeCheck(): string {
  const check = readFileSync(join(root, 'bin/check-node.cjs'), 'utf8')
  return `(function () {
var module = {};
${check}
var problem = module.exports(${JSON.stringify(packageJson.engines.node)}, process.versions.node);
if (problem) { console.error(problem); process.exit(1); }
})();\n`
}
