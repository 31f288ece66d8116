// A daemon whose live objects can be measured. Resident memory tells little of a leak: it depends on when garbage was collected.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { watch, type Watcher } from './watch.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface MeasuredWatcher extends AsyncDisposable {
  readonly watcher: Watcher
  /** Size of all objects that are in use, in MiB. */
  liveMib(): Promise<number>
}

/** Starts `ovsd watch` with these options as the npm package installs it. */
export async function measuredWatch(args: readonly string[]): Promise<MeasuredWatcher> {
  const folder = mkdtempSync(`${tmpdir()}/heap-`)
  const file = `${folder}/bytes`
  const probe = new URL('heap-probe.ts', import.meta.url).href
  const program = [process.execPath, '--expose-gc', `--import=${probe}`, `${root}bin/ovsd.cjs`]
  const watcher = await watch(args, { HEAP_PROBE: file }, program)
  return {
    watcher,
    async liveMib() {
      watcher.signal('SIGUSR2')
      while (!existsSync(file)) await pause(20)
      const bytes = Number(readFileSync(file, 'utf8'))
      rmSync(file)
      return bytes / 2 ** 20
    },
    async [Symbol.asyncDispose]() {
      await watcher[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}
