// `ovsd watch` and `ovsd plugin` on any host of several.
import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { PROGRAM } from './ovsd.ts'
import { comesTrue } from './ovn.ts'
import type { Site } from './underlay.ts'
import type { LogLine } from './watch.ts'

/** A running daemon. At the end of the `using` block it gets SIGTERM, and has to end with status 0. */
export interface SiteWatcher extends AsyncDisposable {
  readonly lines: readonly LogLine[]
  /** Waits until there are so many lines with these fields, from the line with this number on. */
  sees(wanted: Readonly<Record<string, unknown>>, options?: Seeing): Promise<readonly LogLine[]>
}

interface Seeing {
  readonly times?: number
  readonly from?: number
  readonly seconds?: number
}

/** Starts `ovsd watch` on a host with these options, and waits until it says that it has started. */
export const watchOn = (site: Site, ...args: string[]): Promise<SiteWatcher> => daemonOn(site, 'watch', args)

/** The same of `ovsd plugin`. */
export const pluginOn = (site: Site, ...args: string[]): Promise<SiteWatcher> =>
  daemonOn(site, 'plugin', ['--log-level=debug', ...args])

async function daemonOn(site: Site, command: 'watch' | 'plugin', args: readonly string[]): Promise<SiteWatcher> {
  const child = site.host.spawn([...PROGRAM, command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  assert.ok(child.stderr)
  const lines: LogLine[] = []
  const strays: string[] = []
  createInterface({ input: child.stderr }).on('line', (text) => {
    try {
      lines.push(JSON.parse(text) as LogLine)
    } catch {
      strays.push(text)
    }
  })
  const ended = once(child, 'close')
  const story = () => [...lines.slice(-30).map(({ time, event, msg }) => `${time} ${event}: ${msg}`), ...strays]
  const watcher: SiteWatcher = {
    lines,
    async sees(wanted, { times = 1, from = 0, seconds = 20 } = {}) {
      const found = () =>
        lines
          .slice(from)
          .filter((line) =>
            Object.entries(wanted).every(([key, value]) => JSON.stringify(line[key]) === JSON.stringify(value)),
          )
      await comesTrue(() => Promise.resolve(found().length >= times), JSON.stringify(wanted), seconds).catch(
        (error: unknown) => {
          throw new Error(
            `${String(error)}; ${String(found().length)} of ${String(times)}. Its log:\n${story().join('\n')}`,
          )
        },
      )
      return found()
    },
    async [Symbol.asyncDispose]() {
      // The number that it has in its own host: nsenter passes no signals on.
      await site.run('kill', '-TERM', String(lines[0]?.['pid']))
      const [status] = (await ended) as [number | null]
      assert.equal(status, 0, story().join('\n'))
    },
  }
  await watcher.sees({ event: `${command}.started` })
  return watcher
}
