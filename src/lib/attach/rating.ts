import { linkExists } from '../net/links.ts'
import { differences, type Inside } from './inside.ts'
import type { Marks } from './marks.ts'

/**
 * ok: as declared. incomplete: something is missing or different. stale: the container, its life or its link that the
 * port was made for is gone. foreign: another tool's, of which ovsd knows no container. unknown: nobody to ask.
 */
export type State = 'ok' | 'incomplete' | 'stale' | 'foreign' | 'unknown'

export interface Rating {
  readonly state: State
  /** Why it is not ok; '' when it is. */
  readonly reason: string
}

/** What has been seen of one port. */
export interface Seen {
  readonly marks: Marks
  readonly link: string
  /** What ovs-vswitchd says of the device. */
  readonly error: string
  /** Why the port is stale, from its container's life. */
  readonly ended: string | undefined
  /** Why nothing can be said about its container. */
  readonly unknown: string | undefined
  /** Inside of its namespace; undefined when it was not looked into. */
  readonly inside: Inside | undefined
  /** What is wrong with the host's end of the pair and with its DHCP client, in words. */
  readonly outside: readonly string[]
}

/** Says how an attachment is, by the first thing that is wrong with it. */
export function rate(seen: Seen): Rating {
  const { marks, link, error, ended, unknown, inside, outside } = seen
  if (marks.container === '' && !marks.ours) return { state: 'foreign', reason: '' }
  if (ended !== undefined) return { state: 'stale', reason: ended }
  if (!linkExists(link)) return { state: 'stale', reason: 'its link is gone' }
  if (error !== '') return { state: 'incomplete', reason: error }
  if (outside[0] !== undefined) return { state: 'incomplete', reason: outside[0] }
  if (unknown !== undefined) return { state: 'unknown', reason: unknown }
  const wrong = inside === undefined ? undefined : wrongInside(marks, inside)
  return wrong === undefined ? { state: 'ok', reason: '' } : { state: 'incomplete', reason: wrong }
}

function wrongInside({ iface, spec }: Marks, { interfaces, routes }: Inside): string | undefined {
  // ovs-port-manager does not record the interface.
  if (iface === '') return undefined
  const state = interfaces.get(iface)
  if (state === undefined) return `there is no ${iface} inside`
  return spec === undefined ? undefined : differences(spec, state, routes, { routes: true })[0]
}
