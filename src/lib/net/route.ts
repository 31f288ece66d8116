import { BadInput } from '../errors.ts'
import { contains, isNotAHost, parseNetwork, type Cidr } from './cidr.ts'
import { isLinkLocal, parseIp, refuseSpecial, type IpAddress } from './ip-address.ts'

/** A static route of the container through its new interface; without `via` the destination is on the link itself. */
export interface Route {
  readonly to: Cidr
  readonly via?: IpAddress
}

const GOOD_ROUTE = '10.1.0.0/16,10.0.0.1'

function refuseNoHost(ip: IpAddress, addresses: readonly Cidr[], field: string, good: string): void {
  const network = addresses.find((address) => isNotAHost(address, ip))
  if (network !== undefined)
    throw new BadInput(field, `${ip.text} is the network or the broadcast address of ${network.text}.`, good)
}

/** The routes in one text, each as `CIDR[,via]`: `CIDR[,VIA]` or `CIDR via VIA`, with blanks or semicolons between them. */
export const routeTexts = (text: string): readonly string[] =>
  text
    .replaceAll(/ +via +| *, */g, ',')
    .split(/[ ;]+/)
    .filter((item) => item !== '')

/** Parses several, of which none may have the destination of another. Error: BadInput. */
export function parseRoutes(texts: readonly string[], addresses: readonly Cidr[], field = '--route'): readonly Route[] {
  const routes = texts.map((text) => parseRoute(text, addresses, field))
  const twice = routes.find(({ to }, i) => routes.findIndex((other) => other.to.text === to.text) !== i)
  if (twice !== undefined) throw new BadInput(field, `${twice.to.text} is given twice.`, GOOD_ROUTE)
  return routes
}

/** A route as it is typed: CIDR[,via]. */
export const routeText = ({ to, via }: Route): string => (via === undefined ? to.text : `${to.text},${via.text}`)

/** Parses `CIDR[,via]`, e.g. 10.1.0.0/16,10.0.0.1. */
export function parseRoute(text: string, addresses: readonly Cidr[], field = '--route'): Route {
  const [destination = '', hop, ...more] = text.split(',')
  if (more.length > 0) throw new BadInput(field, `"${text}" has more than one comma.`, GOOD_ROUTE)
  const to = parseNetwork(destination, field)
  if (to.prefix === 0) throw new BadInput(field, 'a default route is given as gateway.', '10.0.0.1')
  if (!addresses.some(({ ip }) => ip.family === to.ip.family))
    throw new BadInput(field, `${to.text} needs an address of IPv${String(to.ip.family)}.`, GOOD_ROUTE)
  if (hop === undefined) return { to }
  const via = parseIp(hop, field)
  refuseSpecial(via, field)
  refuseNoHost(via, addresses, field, GOOD_ROUTE)
  if (via.family !== to.ip.family) throw new BadInput(field, `${hop} cannot be the way to ${to.text}.`, GOOD_ROUTE)
  if (!isLinkLocal(via) && !addresses.some((address) => contains(address, via)))
    throw new BadInput(field, `${hop} is in none of the networks of this interface.`, GOOD_ROUTE)
  return { to, via }
}

/** Parses the gateways: at most one per family, for a family that has an address, and not that address itself. */
export function parseGateways(texts: readonly string[], addresses: readonly Cidr[], field = '--gateway'): IpAddress[] {
  const gateways: IpAddress[] = []
  for (const text of texts) {
    const gateway = parseIp(text, field)
    refuseSpecial(gateway, field)
    const good = gateway.family === 4 ? '10.0.0.1' : 'fd00::1'
    refuseNoHost(gateway, addresses, field, good)
    if (gateways.some(({ family }) => family === gateway.family))
      throw new BadInput(field, `a second default route for IPv${String(gateway.family)}.`, good)
    if (!addresses.some(({ ip }) => ip.family === gateway.family))
      throw new BadInput(field, `${gateway.text} needs an address of IPv${String(gateway.family)}.`, good)
    if (addresses.some(({ ip }) => ip.text === gateway.text))
      throw new BadInput(field, `${gateway.text} is the address of the interface itself.`, good)
    gateways.push(gateway)
  }
  return gateways
}
