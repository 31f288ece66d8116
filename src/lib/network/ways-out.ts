// The interfaces that the host's routes lead out by: what networks send leaves there, and answers come in.
import { answers } from '../attach/external-answers.ts'
import { PROTOCOL } from '../attach/external-leg.ts'
import type { Family } from '../net/ip-address.ts'
import { lookOf } from './look.ts'

interface IpRoute {
  readonly dev?: string
  readonly gateway?: string
  readonly via?: unknown
  readonly type?: string
  readonly protocol?: string
  readonly nexthops?: readonly { readonly dev: string }[]
}

const look = (family: Family) =>
  lookOf(async (run): Promise<readonly string[]> => {
    const [routes, bridges] = await Promise.all([
      answers<IpRoute>(run, [`-${String(family)}`, 'route', 'show', 'table', 'all']),
      answers<{ readonly ifname: string }>(run, ['link', 'show', 'type', 'bridge']),
    ])
    const isBridge = new Set(bridges.map(({ ifname }) => ifname))
    const links = routes.flatMap(({ dev, gateway, via, type = 'unicast', protocol, nexthops }) => {
      // Legs lead to containers (external-leg.ts).
      if (type !== 'unicast' || protocol === PROTOCOL) return []
      if (nexthops !== undefined) return nexthops.map((hop) => hop.dev)
      const leads = gateway !== undefined || via !== undefined
      // A bridge that only its own network is on is somebody's containers or machines: Docker's, libvirt's.
      return dev === undefined || dev === 'lo' || (isBridge.has(dev) && !leads) ? [] : [dev]
    })
    return [...new Set(links)].sort()
  })

/** By IP version; gateway links of ovsd's networks are among them. */
export const waysOut = { 4: look(4), 6: look(6) } as const
