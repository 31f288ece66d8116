// Where the default routes of containers of the driver lead: Docker sets them, by the gateway that the driver answers for each
// endpoint, and takes those of one endpoint of a container (docs/plugin.md).
import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { RouteState } from '../net/ip-json.ts'
import type { Spec } from '../attach/marks.ts'

/** An endpoint of Docker in a container that could be looked into. */
export interface EndpointInside {
  readonly container: string
  readonly endpoint: string
  readonly iface: string
  readonly spec: Spec
  readonly routes: readonly RouteState[]
}

/** What its interface should have; `detours` are gateways of other networks, by which Docker may have the container go out. */
export interface Outward {
  readonly spec: Spec
  readonly detours: readonly string[]
}

/** Whether two addresses are of one IP version. */
export const isSameFamily = (one: string, other: string): boolean => one.includes(':') === other.includes(':')

/**
 * Asks the engine by which of its networks a container goes out, where it is not by this one: of an endpoint by which it does not go out
 * no gateway is wanted. Where nobody answers, what the driver has answered is what is wanted.
 */
export async function outward(host: Host, one: EndpointInside): Promise<Outward> {
  const { spec, routes, iface, endpoint, container } = one
  const isThere = (via: string): boolean =>
    routes.some(({ to, via: way, dev }) => to === 'default' && way === via && dev === iface)
  if (spec.gateways.every(isThere)) return { spec, detours: [] }
  const told = await host.docker.waysOut(container).catch((error: unknown) => {
    if (error instanceof OvsdError) return []
    throw error
  })
  const own = told.find((way) => way.endpoint === endpoint)
  if (own === undefined) return { spec, detours: [] }
  const others = told.filter((way) => way !== own)
  // Docker names none where the driver answered none: ports are to be published that the network does not publish.
  const gateways = spec.gateways.filter(
    (via) => own.gateways.includes(via) && !others.some((way) => isBefore(way.network, own.network, way.gateways, via)),
  )
  return { spec: { ...spec, gateways }, detours: others.flatMap((way) => way.gateways) }
}

/** Whether it is the other network's affair when there is no default route at all: that of the first name that has one. */
const isBefore = (other: string, own: string, gateways: readonly string[], via: string): boolean =>
  other < own && gateways.some((one) => isSameFamily(one, via))
