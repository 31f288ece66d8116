import { existsSync } from 'node:fs'
import { forwards } from '../attach/external-forwarding.ts'
import type { Gateway } from './gateway.ts'
import { hasFamily } from './gateway.ts'
import { ipv6Forwarder } from './ipv6-forwarding.ts'
import type { Closed, Guarded } from './nat-rules.ts'
import type { Publication } from './publications.ts'

/** What is known of interfaces that may have been opened. */
export interface Memory {
  /** What the firewall of these networks remembers. */
  readonly own: readonly Closed[]
  /** What that of external addresses remembers. */
  readonly external: readonly Closed[]
  /** The own memory was there once and is lost: what forwards on a host that is no router, ovsd opened. */
  readonly isLost: boolean
  /** Gateway links that no network which can be read has. */
  readonly strays: readonly string[]
  /** What the host publishes. */
  readonly published: readonly Publication[]
}

const ROUTER_SINCE = 'ip_forward=0'

/**
 * What is guarded while these gateways are there: interfaces that did not forward before, of those that the host's routes
 * lead out by, and those remembered. One of which somebody has made the host a router since is left to him.
 */
export function guardedFor(gateways: readonly Gateway[], ways: readonly string[], memory: Memory): Guarded {
  const isRouter = forwards('all') === true
  const links = hasFamily(gateways, 4) ? [...new Set([...ways, ...memory.own.map(({ link }) => link)])].sort() : []
  const closed = links.flatMap((link): readonly Closed[] => {
    const now = forwards(link)
    if (now === undefined) return []
    const remembered = [...memory.own, ...memory.external].find((one) => one.link === link)?.before
    if (remembered !== undefined) return remembered === ROUTER_SINCE && isRouter ? [] : [{ link, before: remembered }]
    return now && !(memory.isLost && !isRouter) ? [] : [{ link, before: isRouter ? 'ip_forward=1' : ROUTER_SINCE }]
  })
  return {
    closed,
    isIpv6Closed: hasFamily(gateways, 6) && ipv6Forwarder() !== 'somebody else',
    strays: memory.strays,
    published: memory.published,
    seesBridged: existsSync('/proc/sys/net/bridge'),
  }
}
