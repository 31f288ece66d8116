// What Docker is told about an endpoint, from its marks.
import { ENDPOINT_LINK, linksOf, type Endpoint } from '../attach/endpoint.ts'
import type { Spec } from '../attach/marks.ts'
import type { Network } from '../network/networks.ts'
import type { Family } from '../net/ip-address.ts'

const bare = (text: string): string => text.replace(/\/.*/, '')

/** The address of an IP version, with its prefix length; undefined for none. */
const addressOf = (spec: Spec | undefined, family: Family): string | undefined =>
  spec?.addresses.find((text) => text.includes(':') === (family === 6))

/**
 * Which link Docker takes, what it calls it, and by which gateways the container goes out. Docker takes the first of its endpoints that
 * have one, by their networks' names, for its default route, and has that one publish its ports (moby, libnetwork, getGatewayEndpoint).
 */
export function joinAnswer(
  { spec: { subnets, routes } }: Network,
  id: string,
  spec: Spec | undefined,
  { hasGateways }: { readonly hasGateways: boolean },
): object {
  const gateway = (family: Family): string | undefined =>
    !hasGateways || addressOf(spec, family) === undefined
      ? undefined
      : subnets.find(({ cidr }) => cidr.ip.family === family)?.gateway?.text
  const [four, six] = [gateway(4), gateway(6)]
  return {
    InterfaceName: { SrcName: linksOf(id).far, DstPrefix: ENDPOINT_LINK },
    ...(four === undefined ? {} : { Gateway: four }),
    ...(six === undefined ? {} : { GatewayIPv6: six }),
    StaticRoutes: routes
      .filter(({ to }) => addressOf(spec, to.ip.family) !== undefined)
      .map(({ to, via }) => ({
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
