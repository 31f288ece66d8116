import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pinnedNode, work } from './layout.ts'

/** A program as the executable carries it: a function expression, and what V8 compiled of it during a warm run. */
export interface Compiled {
  readonly codeFile: string
  readonly cacheFile: string
}

/**
 * Options for Node that the executable is started with. They have to be the same when the code cache is made.
 * The young generation of the heap starts at 4 MB and not at 1: otherwise it is collected and enlarged several times during
 * the few milliseconds that a command takes. And no signal opens a debugger's port in a program for root.
 */
export const nodeOptions: readonly string[] = ['--min-semi-space-size=4', '--disable-sigusr1']

/** In a network namespace of its own: the warm run takes ovsd's host-wide lock, which somebody may hold meanwhile. */
const ALONE: readonly string[] = process.getuid?.() === 0 ? ['unshare', '--net'] : []

/** Runs `code` warm and saves V8's cache of it: that holds the functions that were needed, ready compiled. */
export function compileWarm(code: string): Compiled {
  const codeFile = join(work, 'program.js')
  const cacheFile = join(work, 'program.cache')
  writeFileSync(codeFile, `(function (exports, require, module, __filename, __dirname) {${code}\n})`)
  const script = join(import.meta.dirname, 'warm-up.ts')
  const [file, ...args] = [...ALONE, pinnedNode, ...nodeOptions, script, codeFile, cacheFile]
  execFileSync(file, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 60_000,
  })
  if (!isAccepted(codeFile, cacheFile)) throw new Error('V8 does not accept the code cache that it has just made')
  return { codeFile, cacheFile }
}

/** A rejected cache costs nothing but time, so nobody would notice. */
function isAccepted(codeFile: string, cacheFile: string): boolean {
  const [code, cache] = [codeFile, cacheFile].map((file) => JSON.stringify(file))
  const rejected = `new vm.Script(fs.readFileSync(${code ?? ''}, 'latin1'), { cachedData: fs.readFileSync(${cache ?? ''}) }).cachedDataRejected`
  return execFileSync(pinnedNode, [...nodeOptions, '--print', rejected], { encoding: 'utf8' }).trim() === 'false'
}
