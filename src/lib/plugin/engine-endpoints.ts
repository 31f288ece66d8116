// What the engine knows of endpoints: for those of which the database has lost everything.
import { linksOf } from '../attach/endpoint.ts'
import { DockerUnreachable } from '../docker/http.ts'
import type { NetworkMember } from '../docker/networks.ts'
import type { Host } from '../host.ts'
import { parseHostCidr } from '../net/cidr.ts'
import { parseIp } from '../net/ip-address.ts'
import { parseMac } from '../net/mac.ts'
import { isNat } from '../network/gateway.ts'
import type { Network } from '../network/networks.ts'
import type { EndpointWish } from '../plan/create-endpoint.ts'
import type { PortWish } from '../plan/host-ports.ts'

/** An endpoint as the engine tells it. */
export interface ToldEndpoint {
  readonly wish: EndpointWish
  /** Name of its container. */
  readonly container: string
  readonly ports: readonly PortWish[]
  /** What it does not tell, in words. */
  readonly doubts: readonly string[]
}

/**
 * The endpoints in these networks whose pairs have these links of the host; undefined when the engine does not answer. Not for use under
 * the lock: an engine that waits for a call does not answer everything. Errors: DockerRefused, BadInput.
 */
export async function endpointsByEngine(
  host: Host,
  networks: readonly Network[],
  links: readonly string[],
): Promise<readonly ToldEndpoint[] | undefined> {
  try {
    const found = await Promise.all(
      networks.map(async (network) => {
        const members = await host.docker.membersOf(network.spec.docker ?? '')
        const mine = members.filter(({ endpoint }) => endpoint !== '' && links.includes(linksOf(endpoint).port))
        return Promise.all(mine.map((member) => toldOf(host, network, member)))
      }),
    )
    return found.flat()
  } catch (error) {
    if (error instanceof DockerUnreachable) return undefined
    throw error
  }
}

async function toldOf(host: Host, network: Network, member: NetworkMember): Promise<ToldEndpoint> {
  const { id, name, endpoint, mac, addresses } = member
  const wish = {
    ...{ network, id: endpoint, addresses: addresses.map((text) => parseHostCidr(text, 'address')) },
    mac: mac === '' ? undefined : parseMac(mac, 'MAC'),
  }
  const told = { wish, container: name, ports: [], doubts: [] }
  if (!isNat(network.spec)) return told
  const { published = [], addresses: networks = {} } = (await host.docker.settings(id)) ?? {}
  const ports = published.flatMap(portIn)
  // Of several networks Docker has chosen the one in which it publishes, and tells nobody.
  if (ports.length > 0 && Object.keys(networks).length > 1)
    return { ...told, doubts: [`where its ports were published is not known: docker restart ${name}`] }
  return { ...told, ports }
}

/** A port to be published, in the form of ContainerSettings. */
function portIn(text: string): readonly PortWish[] {
  const [, hostIp = '', from = '', to = from, port, protocol] =
    /^(.*):(\d*)(?:-(\d+))?:(\d+)\/(tcp|udp)$/.exec(text) ?? []
  if (protocol !== 'tcp' && protocol !== 'udp') return []
  return [
    {
      ...{ protocol, port: Number(port), hostPort: Number(from), hostPortEnd: Number(to) },
      hostIp: hostIp === '' ? '' : parseIp(hostIp, '--publish').text,
    },
  ]
}
