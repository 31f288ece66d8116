// Builds everything that is shipped, below dist/:
//   ovsd.cjs  the program in one file, for the Node that a machine has
//   ovsd      the same inside a Node of its own, with its code already compiled: the fastest to start
//   npm/      the folder to publish
// docs/decisions/0002-start-up.md says why it is done this way.
import { chmodSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { bundle, nodeCheck } from './build/bundle.ts'
import { compileWarm } from './build/code-cache.ts'
import { checkExecutable, makeExecutable } from './build/executable.ts'
import { dist, root, work } from './build/layout.ts'
import { computeManifest } from './build/manifest.ts'
import { makeNpmFolder } from './build/npm-folder.ts'

/** The oldest Node whose parser takes dist/ovsd.cjs: it has to get as far as saying that it is too old. */
const OLDEST_PARSER = 'node10.4'
/** The Node inside the executable, which takes the code as it is written. */
const PINNED = 'node26'

const start = performance.now()
mkdirSync(work, { recursive: true })
process.on('exit', () => {
  rmSync(work, { recursive: true, force: true })
})
const manifest = await computeManifest()

const script = join(work, 'ovsd.cjs')
writeFileSync(script, `#!/usr/bin/env node\n${nodeCheck()}${(await bundle(manifest, OLDEST_PARSER)).code}`)
chmodSync(script, 0o755)

const compiled = compileWarm((await bundle(manifest, PINNED)).code)
const executable = makeExecutable(compiled)
checkExecutable(executable.path)

const folder = makeNpmFolder(script)

const symbols = executable.stripped ? '' : ', with symbols: there is no strip(1) here'
deliver(script, size(script))
deliver(executable.path, `${size(executable.path)} (code cache ${size(compiled.cacheFile)}${symbols})`)
deliver(folder.path, `${String(folder.files)} files, ${kilobytes(folder.size)} packed`)
console.log(`built in ${((performance.now() - start) / 1000).toFixed(1)} s`)

/** Moves a finished file or folder to dist/, in place of the one before. */
function deliver(made: string, what: string): void {
  const place = join(dist, basename(made))
  if (statSync(made).isDirectory()) rmSync(place, { recursive: true, force: true })
  renameSync(made, place)
  console.log(`${relative(root, place).padEnd(14)} ${what}`)
}

function size(file: string): string {
  return kilobytes(statSync(file).size)
}

function kilobytes(bytes: number): string {
  return bytes < 10_000_000 ? `${String(Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`
}
