// What the host does with an address already. Who gives it to a container leads all that the host sends there, and all that
// it routes, into that container: so it must be nobody's whom the host knows, and a neighbour on the very interface.
import { Refused } from '../errors.ts'
import type { ExternalAddress } from '../net/external.ts'
import type { Runner } from '../system/runner.ts'
import { answers } from './external-answers.ts'
import { PROTOCOL } from './external-leg.ts'

/** The kernel's way to an address (`ip route get`). */
interface Way {
  readonly type?: string
  readonly dev?: string
  readonly gateway?: string
  /** A gateway of IPv6. */
  readonly via?: unknown
}

/** What the host does with an external address, as of one look. */
export interface Uses {
  /** Undefined when there is no way. */
  readonly way: Way | undefined
  readonly wayToGateway: Way | undefined
  /** Somebody else has a route to just this address, or answers for it. */
  readonly isLed: boolean
  /** A route of the host goes by it, in whatever table. */
  readonly isRouter: boolean
}

/** Words for errors by which the kernel says that it knows no way, or is to know none (unreachable, prohibit, blackhole). */
const NO_WAY = /Network is unreachable|No route to host|Permission denied|Invalid argument/

/** Looks what the host does with an external address and its gateway. */
export async function seeUses(run: Runner, { ip, gateway }: ExternalAddress): Promise<Uses> {
  const wayTo = async (address: string): Promise<Way | undefined> =>
    (await answers<Way>(run, ['-4', 'route', 'get', address], undefined, NO_WAY))[0]
  const [way, wayToGateway, routes, proxies, all] = await Promise.all([
    wayTo(ip.text),
    gateway === undefined ? undefined : wayTo(gateway.text),
    answers<{ readonly protocol?: string }>(run, ['-4', 'route', 'show', ip.text]),
    answers<{ readonly dst: string; readonly protocol?: string }>(run, ['-4', 'neigh', 'show', 'proxy']),
    // As text: there may be a million. `show via` would leave out the routes with several gateways.
    run({ tool: 'ip', args: ['-4', 'route', 'show', 'table', 'all'] }),
  ])
  const leading = [...routes, ...proxies.filter(({ dst }) => dst === ip.text)]
  return {
    way,
    wayToGateway,
    isLed: leading.some(({ protocol }) => protocol !== PROTOCOL),
    // The device follows.
    isRouter: all.stdout.includes(` via ${ip.text} `),
  }
}

/**
 * Refuses an address that the host has a use for, and one that is not of the interface's own networks; the latter may be
 * when a gateway is named, for addresses that a router leads here. A leg that the attachment has already, by the name of
 * its host's end, is being repaired: where it leads is no use of somebody else. Errors: AddressInUse, ExternalInterfaceUnfit.
 */
export function refuseUsed({ ip, gateway, link }: ExternalAddress, end: string, uses: Uses): void {
  const { way, wayToGateway, isLed, isRouter } = uses
  // What comes in for it never reaches a container.
  if (way?.type === 'broadcast') throw inUse(`${ip.text} is a broadcast address.`)
  if (isHosts(way)) throw inUse(`${ip.text} is an address of this host.`)
  if (gateway !== undefined && isHosts(wayToGateway)) throw inUse(`${gateway.text} is an address of this host.`)
  if (isLed)
    throw inUse(`This host leads ${ip.text} somewhere already.`, `See: ip route show ${ip.text}; ip neigh show proxy`)
  if (way?.dev === end) return
  if (isRouter) throw inUse(`${ip.text} is a router of this host.`, 'See: ip -4 route show table all')
  const isNeighbour = way !== undefined && way.gateway === undefined && way.via === undefined
  if (isNeighbour && way.dev !== link)
    throw inUse(
      `${ip.text} is reached on ${way.dev ?? 'another interface'}, and not on ${link}.`,
      `See: ip route get ${ip.text}`,
    )
  if (!isNeighbour && gateway === undefined)
    throw new Refused('ExternalInterfaceUnfit', `${ip.text} is in none of the networks of ${link}.`, {
      next: `Choose an address of one: ip -4 route show dev ${link}. One that a router leads here needs that router as its gateway.`,
    })
}

const isHosts = (way: Way | undefined): boolean => way?.type === 'local'

const inUse = (message: string, next = 'Choose another one.'): Refused => new Refused('AddressInUse', message, { next })
