// Frames on a link, as tcpdump sees them.
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { signalGroup } from '../../lab/process.ts'
import type { Place } from './place.ts'

/** A capture under way. */
export interface Frames {
  /** Ends it, `settle` ms from now, and gives the words for each frame. */
  taken(settle?: number): Promise<readonly string[]>
}

/** Captures what comes in by (or, with `both`, also goes out by) a link and matches a filter (pcap-filter(7)). */
export async function frames(place: Place, link: string, filter: string, { both = false } = {}): Promise<Frames> {
  const direction = both ? [] : ['-Q', 'in']
  const argv = ['tcpdump', '-nnel', '-tt', '--immediate-mode', '-i', link, ...direction, filter]
  const child = place.host.spawn(['nsenter', `--net=${place.path}`, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  if (child.stdout === null || child.stderr === null) throw new Error('no pipes')
  const output = text(child.stdout)
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (said += part))
  for (let tries = 0; !said.includes('listening on'); tries++) {
    if (tries === 500 || child.exitCode !== null) throw new Error(`tcpdump does not listen: ${said}`)
    await pause(10)
  }
  return {
    async taken(settle = 300) {
      await pause(settle)
      signalGroup(child, 'SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      // What is inside of a tunnel's frame stands on a line of its own, which does not begin with a time.
      return (await output).split(/\n(?=\d+\.\d+ )/).filter((words) => words.trim() !== '')
    },
  }
}
