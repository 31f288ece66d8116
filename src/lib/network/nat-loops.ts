// 127.0.0.1:PORT of the host for published ports. What the host sends from 127.0.0.1 may leave by an interface, and its answers
// come in again, only where that has route_localnet (ip-sysctl.rst): so the gateway links have it, as long as something is
// published there, and the firewall a rule that nobody uses it the other way round (nat-published.ts).
import { readFileSync } from 'node:fs'
import type { Command } from '../system/command.ts'
import { loopLinks, type Publication } from './publications.ts'

/** Interfaces by their names. */
export interface Loops {
  readonly toOpen: readonly string[]
  readonly toClose: readonly string[]
}

/** Whether 127.0.0.1 leads out by an interface; undefined without such an interface. */
function isOpen(link: string): boolean | undefined {
  try {
    return readFileSync(`/proc/sys/net/ipv4/conf/${link}/route_localnet`, 'utf8').trim() === '1'
  } catch {
    return undefined
  }
}

/** What has to change. A link that is missing is still to be opened. `links` are the gateways' links, and others that were. */
export function loopsOf(published: readonly Publication[], links: readonly string[]): Loops {
  const wanted = loopLinks(published)
  // Somebody wants it of every interface there will be.
  const isUsual = isOpen('default') === true
  return {
    toOpen: wanted.filter((link) => isOpen(link) !== true),
    toClose: isUsual ? [] : links.filter((link) => !wanted.includes(link) && isOpen(link) === true),
  }
}

/** The commands that open or close them; a link that is missing is passed over (-e). */
export const turnLoops = (links: readonly string[], on: boolean): readonly Command[] =>
  links.length === 0
    ? []
    : [
        {
          tool: 'sysctl',
          args: ['-qew', ...links.map((link) => `net/ipv4/conf/${link}/route_localnet=${on ? '1' : '0'}`)],
        },
      ]
