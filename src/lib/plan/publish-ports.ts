// Published ports of endpoints in nat networks (`docker run --publish`): the host's addresses lead to the endpoint's.
import type { Endpoint } from '../attach/endpoint.ts'
import { calledIn } from '../attach/endpoint.ts'
import { describePort, type PublishedPort } from '../attach/published-ports.ts'
import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { isNat } from '../network/gateway.ts'
import { lookAtNat, natDifferences } from '../network/nat.ts'
import type { Network } from '../network/networks.ts'
import { claimHostPorts, findHostPorts, namedFamily, type PortWish } from './host-ports.ts'
import type { Prepared } from './prepared.ts'
import { natOfHost } from './steps/nat-rules.ts'
import { portsPublish } from './steps/ports-publish.ts'

/** What is published of an endpoint now. */
export interface PublishedPorts {
  readonly port: string
  /** As planned: where a free port is to be chosen, it may have become another one. */
  readonly ports: readonly PublishedPort[]
  readonly status: 'changed' | 'unchanged'
}

/**
 * Plans that the host answers for these ports of an endpoint, of which there is one, and for no others of it. The same wishes again change nothing.
 * Errors: PortsNotPublished, HostPortInUse, HostAddressMissing, ToolMissing, DatabaseUnreachable.
 */
export async function publishPorts(
  host: Host,
  network: Network,
  endpoint: Endpoint,
  wishes: readonly PortWish[],
): Promise<Prepared<PublishedPorts>> {
  refuseUnfit(network, endpoint, wishes)
  const port = endpoint.where.interface.name
  const before = endpoint.marks.ports
  const of = { name: port, addresses: endpoint.marks.spec?.addresses ?? [] }
  const after = await findHostPorts(host, of, wishes, before)
  const seen = await lookAtNat(host, { ...(await natOfHost(host)), ports: { of: port, are: after } })
  const result = { port, ports: after }
  const isSame = before.map(describePort).join() === after.map(describePort).join()
  if (isSame && natDifferences(seen).length === 0)
    return { plan: undefined, result: { ...result, status: 'unchanged' } }
  const step = portsPublish(host, { port, before, after, claim: () => claimHostPorts(host, of, wishes, before) }, seen)
  return {
    plan: { onFailure: 'unwind', title: step.title, stages: [[step]] },
    result: { ...result, status: 'changed' },
  }
}

/** Plans that nothing is published of an endpoint any more. Errors: ToolMissing, DatabaseUnreachable. */
export async function revokePorts(host: Host, { where, marks }: Endpoint): Promise<Prepared<PublishedPorts>> {
  const port = where.interface.name
  const result = { port, ports: [] }
  if (marks.ports.length === 0) return { plan: undefined, result: { ...result, status: 'unchanged' } }
  const seen = await lookAtNat(host, { ...(await natOfHost(host)), ports: { of: port, are: [] } })
  const step = portsPublish(host, { port, before: marks.ports, after: [] }, seen)
  return {
    // What could not be ended stays recorded, and ends with the endpoint.
    plan: { onFailure: 'unwind', title: step.title, stages: [[step]] },
    result: { ...result, status: 'changed' },
  }
}

/** Error: PortsNotPublished. */
function refuseUnfit({ name, title = name, spec }: Network, { marks }: Endpoint, wishes: readonly PortWish[]): void {
  const list = [...new Set(wishes.map(({ port }) => String(port)))].join(', ')
  const refuse = (why: string, next: string): never => {
    throw new Refused(
      'PortsNotPublished',
      `The ports ${list} of ${calledIn(marks)} are to be published in ${title}, where that cannot be: ${why}.`,
      { next },
    )
  }
  if (!isNat(spec))
    refuse(
      spec.overlay === undefined
        ? `the host itself is not in a network of mode ${spec.mode}, and has no address there`
        : 'the host itself is not in a network on OVN, and has no address there',
      'Leave out --publish, or publish in a network with a gateway on the host: docker network create --driver ovsd --opt mode=nat --subnet 10.0.0.0/24 NAME',
    )
  const addresses = marks.spec?.addresses ?? []
  if (addresses.length === 0)
    refuse('it has no address that Docker knows', 'Leave out --publish, or make the network with a subnet')
  for (const wish of wishes) {
    const family = namedFamily(wish)
    if (wish.hostIp === '::1')
      refuse(
        'Linux leads nothing from ::1 to other hosts, which a container is',
        `Publish at 127.0.0.1: --publish 127.0.0.1:${String(wish.hostPort)}:${String(wish.port)}`,
      )
    if (family !== undefined && !addresses.some((text) => text.includes(':') === (family === 6)))
      refuse(
        `it has no IPv${String(family)} address, and ${wish.hostIp} is one`,
        `Publish at an address of the other IP version, or make the network with ${family === 6 ? '--ipv6 --subnet fd00::/64' : 'an IPv4 subnet'}`,
      )
  }
}
