// What Docker is told about an endpoint, from its marks.
import { ENDPOINT_LINK, linksOf, type Endpoint } from '../attach/endpoint.ts'
import type { Spec } from '../attach/marks.ts'
import type { Network } from '../network/networks.ts'
import type { NetworkSpec } from '../network/spec.ts'
import type { Family } from '../net/ip-address.ts'
import type { Route } from '../net/route.ts'

const bare = (text: string): string => text.replace(/\/.*/, '')

/** The address of an IP version, with its prefix length; undefined for none. */
const addressOf = (spec: Spec | undefined, family: Family): string | undefined =>
  spec?.addresses.find((text) => text.includes(':') === (family === 6))

/** The gateway of a network for an endpoint with these settings, of an IP version. */
const gatewayIn = ({ subnets }: NetworkSpec, spec: Spec | undefined, family: Family): string | undefined =>
  addressOf(spec, family) === undefined
    ? undefined
    : subnets.find(({ cidr }) => cidr.ip.family === family)?.gateway?.text

const routesIn = ({ routes }: NetworkSpec, spec: Spec | undefined): readonly Route[] =>
  routes.filter(({ to }) => addressOf(spec, to.ip.family) !== undefined)

/**
 * What an endpoint has inside its container: what its marks say, and the routes that Docker sets by what it was answered. Of the
 * gateways Docker uses those of one network of a container only.
 */
export const specInside = (network: NetworkSpec, spec: Spec): Spec => ({
  ...spec,
  gateways: ([4, 6] as const).flatMap((family) => gatewayIn(network, spec, family) ?? []),
  routes: routesIn(network, spec).map(({ to, via }) => ({
    to: to.text,
    ...(via === undefined ? {} : { via: via.text }),
  })),
})

/**
 * Which link Docker takes, what it calls it, and by which gateways the container goes out. Docker takes the first of its endpoints that
 * have one, by their networks' names, for its default route, and has that one publish its ports (moby, libnetwork, getGatewayEndpoint).
 */
export function joinAnswer(
  { spec: network }: Network,
  id: string,
  spec: Spec | undefined,
  { hasGateways }: { readonly hasGateways: boolean },
): object {
  const [four, six] = ([4, 6] as const).map((family) => (hasGateways ? gatewayIn(network, spec, family) : undefined))
  return {
    InterfaceName: { SrcName: linksOf(id).far, DstPrefix: ENDPOINT_LINK },
    ...(four === undefined ? {} : { Gateway: four }),
    ...(six === undefined ? {} : { GatewayIPv6: six }),
    StaticRoutes: routesIn(network, spec).map(({ to, via }) => ({
      Destination: to.text,
      // types.NEXTHOP and types.CONNECTED (moby, daemon/libnetwork/types).
      ...(via === undefined ? { RouteType: 1 } : { RouteType: 0, NextHop: via.text }),
    })),
    // Or Docker gives a container without a gateway a second interface, in a bridge network of its own (docker_gwbridge).
    DisableGatewayService: true,
  }
}

/** What `docker network inspect --verbose` and those who come from other drivers look for; keys of both (COMPAT: union). */
export function operInfo({ where, marks: { spec } }: Endpoint): Readonly<Record<string, string>> {
  const [four = '', six = ''] = [addressOf(spec, 4), addressOf(spec, 6)]
  return {
    mac_address: spec?.mac ?? '',
    ipv4_address: four,
    ipv6_address: six,
    ip_address: bare(four === '' ? six : four),
    ovs_port: where.port.name,
    veth_outside: where.interface.name,
  }
}
