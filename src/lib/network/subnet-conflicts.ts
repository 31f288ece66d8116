// What a nat network's subnet must not meet on this host: the host routes it to the network's gateway link, and could not
// tell where else an answer goes.
import { answers } from '../attach/external-answers.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { overlaps } from '../net/cidr.ts'
import { isNat } from './gateway.ts'
import { ipv6Setting } from './ipv6-forwarding.ts'
import { inTheWay, titled } from './in-the-way.ts'
import type { TitledSpec } from './networks.ts'
import type { NetworkSpec } from './spec.ts'

/** Error: SubnetOverlaps, for a subnet of which another nat network of this host has a part. */
export function refuseOverlap({ subnets }: NetworkSpec, others: readonly TitledSpec[]): void {
  for (const { cidr } of subnets)
    for (const other of others.filter(isNat)) {
      const meets = other.subnets.find((one) => overlaps(one.cidr, cidr))
      if (meets === undefined) continue
      const same = meets.cidr.text === cidr.text ? '' : ` (${meets.cidr.text})`
      throw new Refused(
        'SubnetOverlaps',
        `The network ${titled(other)} has addresses of ${cidr.text} already${same}.`,
        {
          next: `Choose another subnet. Networks without a gateway on the host may share one: --mode l2${inTheWay(other)}`,
        },
      )
    }
}

interface IpRoute {
  readonly dst: string
  readonly dev?: string
  readonly type?: string
}

/** Error: SubnetOnHost, for a subnet that the host has addresses of, or a route to. */
export async function refuseOnHost({ run }: Host, { subnets }: NetworkSpec, signal?: AbortSignal): Promise<void> {
  for (const { cidr } of subnets) {
    const family = `-${String(cidr.ip.family)}`
    const ask = (relation: string): Promise<readonly IpRoute[]> =>
      // Those within the subnet, and those that it is within: of a million the tool itself picks them out.
      answers<IpRoute>(run, [family, 'route', 'show', 'table', 'all', relation, cidr.text], signal)
    const found = (await Promise.all([ask('root'), ask('match')])).flat()
    const route = found.find(({ dst, type }) => dst !== 'default' && type !== 'broadcast' && type !== 'multicast')
    if (route === undefined) continue
    const on = route.dev === undefined ? '' : ` on ${route.dev}`
    const what = route.type === 'local' ? `the address ${route.dst}${on}` : `a route to ${route.dst}${on}`
    throw new Refused('SubnetOnHost', `This host has ${what} already, which is of ${cidr.text}.`, {
      next: 'Choose another subnet. If what is there now need not be reached any more: --force',
    })
  }
}

/**
 * Error: RouterAdvertised, when forwarding of IPv6 is to be turned on and the host has routes from router advertisements that
 * the kernel would drop then (accept_ra, ip-sysctl of the kernel's documentation). With accept_ra=0 they are somebody's who takes
 * advertisements himself, systemd-networkd for example, and the kernel leaves them alone.
 */
export async function refuseAdvertised({ run }: Host, signal?: AbortSignal): Promise<void> {
  const routes = await answers<IpRoute>(run, ['-6', 'route', 'show', 'table', 'all', 'proto', 'ra'], signal)
  const link = routes.map(({ dev }) => dev).find((dev) => dev !== undefined && ipv6Setting(dev, 'accept_ra') === '1')
  if (link === undefined) return
  throw new Refused(
    'RouterAdvertised',
    `The network's IPv6 needs a host that forwards, and a host that forwards gives up what routers advertise: its routes on ${link}.`,
    { next: `Have it keep them: sysctl -w net.ipv6.conf.${link.replaceAll('.', '/')}.accept_ra=2` },
  )
}
