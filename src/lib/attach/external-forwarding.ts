import { readFileSync } from 'node:fs'
import type { Filter } from './external-filter.ts'

/** Whether an interface forwards IPv4; undefined without such an interface. `all` stands for ip_forward. */
export function forwards(link: string): boolean | undefined {
  try {
    return readFileSync(`/proc/sys/net/ipv4/conf/${link}/forwarding`, 'utf8').trim() !== '0'
  } catch {
    return undefined
  }
}

const ROUTER_SINCE = 'ip_forward=0'

/**
 * What the filter of an interface has to remember: that it did not forward before ovsd had it do so, for external addresses
 * or, which is `elsewhere`, for networks. Nothing, when somebody has made the host a router since: then what comes in by it
 * is not dropped any more, and stays forwarded in the end.
 */
export function closedBefore(link: string, filter: Filter | undefined, elsewhere?: string): string | undefined {
  const isRouter = forwards('all') === true
  const closed = filter?.closed ?? elsewhere
  if (closed !== undefined) return closed === ROUTER_SINCE && isRouter ? undefined : closed
  return forwards(link) === true ? undefined : `ip_forward=${isRouter ? '1' : '0'}`
}
