// What the host publishes of endpoints in nat networks, as the marks of their ports tell it (attach/published-ports.ts).
import { derivedName } from '../attach/endpoint.ts'
import { readMarks, type Marks } from '../attach/marks.ts'
import type { Protocol, PublishedPort } from '../attach/published-ports.ts'
import type { Host } from '../host.ts'
import type { Family } from '../net/ip-address.ts'
import { linkExists } from '../net/links.ts'
import type { Gateway } from './gateway.ts'

/** One port of one address of the host, or of all of an IP version, that leads to an endpoint. */
export interface Publication {
  readonly family: Family
  readonly protocol: Protocol
  /** undefined: every address of the host. */
  readonly hostIp: string | undefined
  readonly hostPort: number
  /** The gateway link behind which the endpoint is, and the subnet there. */
  readonly link: string
  readonly subnet: string
  /** The endpoint's address and port. */
  readonly ip: string
  readonly port: number
}

/** What the marks of one port are to say, before they do. */
export interface PortsToBe {
  /** Name of the Interface row. */
  readonly of: string
  readonly are: readonly PublishedPort[]
}

/** The IP versions that a published port asks for. */
export function familiesOf({ hostIp }: Pick<PublishedPort, 'hostIp'>): readonly Family[] {
  if (hostIp === '') return [4, 6]
  return hostIp.includes(':') ? [6] : [4]
}

/** The IP versions of them in which it leads to an endpoint with these addresses. */
export const familiesServed = (
  one: Pick<PublishedPort, 'hostIp'>,
  addresses: readonly string[] = [],
): readonly Family[] =>
  familiesOf(one).filter((family) => addresses.some((text) => text.includes(':') === (family === 6)))

/** The address of the host that a published port is at; undefined for all. */
export const oneAddress = ({ hostIp }: Pick<PublishedPort, 'hostIp'>): string | undefined =>
  ['', '0.0.0.0', '::'].includes(hostIp) ? undefined : hostIp

/** What is published of an endpoint behind this gateway, as rules have it. */
function publicationsOfOne({ spec, ports }: Pick<Marks, 'spec' | 'ports'>, gateway: Gateway): readonly Publication[] {
  const addresses = (spec?.addresses ?? []).map((text) => text.replace(/\/.*/, ''))
  return ports.flatMap((one) =>
    familiesOf(one).flatMap((family) => {
      const ip = addresses.find((text) => text.includes(':') === (family === 6))
      const side = gateway.sides.find((here) => here.family === family)
      if (ip === undefined || side === undefined) return []
      const { protocol, port, hostPort } = one
      const to = { link: gateway.link, subnet: side.subnet, ip, port }
      return [{ family, protocol, hostIp: oneAddress(one), hostPort, ...to }]
    }),
  )
}

/** Everything that is published in these networks, always in the same order. Reads the database only. */
export async function publicationsOf(
  host: Host,
  gateways: readonly Gateway[],
  toBe?: PortsToBe,
): Promise<readonly Publication[]> {
  if (gateways.length === 0) return []
  const rows = (await host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])).flat()
  return rows
    .flatMap(({ name, externalIds }) => {
      const marks = readMarks(externalIds)
      const ports = name === toBe?.of ? toBe.are : marks.ports
      const gateway = gateways.find(({ network }) => network === marks.network)
      // Docker makes another endpoint for a container whose links a reboot has taken.
      const serves = marks.ours && marks.endpoint !== '' && name === derivedName(marks) && linkExists(name)
      if (ports.length === 0 || gateway === undefined || !serves) return []
      return publicationsOfOne({ spec: marks.spec, ports }, gateway)
    })
    .map((one) => [JSON.stringify(one), one] as const)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, one]) => one)
}

/** The links by which 127.0.0.1 of the host leads to endpoints. */
export const loopLinks = (publications: readonly Publication[]): readonly string[] => [
  ...new Set(
    publications
      .filter(({ family, hostIp }) => family === 4 && (hostIp === undefined || hostIp.startsWith('127.')))
      .map(({ link }) => link),
  ),
]
