import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeOptions, type Compiled } from './code-cache.ts'
import { pinnedNode, work } from './layout.ts'
import { packageJson } from './manifest.ts'

const MAIN = 'executable-main.cjs'
const CONFIG = 'sea.json'

/** Makes the executable: the pinned Node with the program and its code cache inside. Says whether symbols were stripped. */
export function makeExecutable({ codeFile, cacheFile }: Compiled): {
  readonly path: string
  readonly stripped: boolean
} {
  const path = join(work, 'ovsd')
  const written = join(work, 'ovsd-written')
  const node = join(work, 'node')
  copyFileSync(realpathSync(pinnedNode), node)
  // Before the program is put in: stripping afterwards would damage it.
  const stripped = strip(node)
  copyFileSync(join(import.meta.dirname, MAIN), join(work, MAIN))
  writeFileSync(
    join(work, CONFIG),
    JSON.stringify({
      // A bare name: it is kept in the executable, and where that was built is nobody's business.
      main: MAIN,
      output: written,
      executable: node,
      disableExperimentalSEAWarning: true,
      useCodeCache: true,
      execArgv: nodeOptions,
      // A program for root takes no options for Node from its environment.
      execArgvExtension: 'none',
      assets: { code: codeFile, cache: cacheFile },
    }),
  )
  execFileSync(pinnedNode, [...nodeOptions, '--build-sea', CONFIG], {
    cwd: work,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  // --build-sea writes the file in one piece, which the kernel caches in large folios; each page fault then maps far more of
  // it, and a run counts 35 MB of resident memory that a copied file does not have.
  copyFileSync(written, path)
  chmodSync(path, 0o755)
  return { path, stripped }
}

/** Takes the symbol table out (a fifth of the size). A bare Debian has no strip(1); then it stays in. */
function strip(file: string): boolean {
  try {
    execFileSync('strip', [file], { stdio: 'ignore' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}

/** Starts the executable once, with an empty environment. Error: it does not work. */
export function checkExecutable(path: string): void {
  const said = execFileSync(path, ['--version'], { encoding: 'utf8', env: {} }).trim()
  const wanted = `${packageJson.name} ${packageJson.version}`
  if (said !== wanted) throw new Error(`${path} --version says "${said}" and not "${wanted}"`)
}
