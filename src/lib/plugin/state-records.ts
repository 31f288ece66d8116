// The networks and endpoints of Docker as the database records them: to be seen with the driver and without it.
import { linksOf, isIdle } from '../attach/endpoint.ts'
import { readMarks } from '../attach/marks.ts'
import type { PublishedPort } from '../attach/published-ports.ts'
import type { Host } from '../host.ts'
import { linkExists } from '../net/links.ts'
import { describeVlan } from '../net/vlan.ts'
import { describeNetwork, type NetworkResult } from '../network/describe.ts'
import { networksOf } from '../network/networks.ts'
import type { RecordedNetwork } from '../network/record.ts'
import { poolStates, type PoolState } from './ipam/pool-states.ts'
import type { Pools } from './ipam/pools.ts'

/** A network that Docker has made; `problem` when its record cannot be used. */
export type NetworkState = { readonly title: string | null; readonly endpoints: number } & (
  NetworkResult | { readonly network: string; readonly bridge: string; readonly problem: string }
)

/** An endpoint: what a container has in a network of Docker's. */
export interface EndpointState {
  readonly endpoint: string
  /** The network's name here, the first 12 digits of its id. */
  readonly network: string
  /** What Docker calls the network; null until that is known. */
  readonly title: string | null
  readonly bridge: string
  readonly port: string
  /** The end of the pair that Docker takes. */
  readonly farLink: string
  readonly addresses: readonly string[]
  readonly mac: string
  readonly vlan: string
  /** null until Docker could be asked. */
  readonly container: string | null
  readonly containerId: string | null
  readonly interface: string | null
  /** What the host has published of it. */
  readonly publishedPorts: readonly PublishedPort[]
  /**
   * `used` by a container; `idle`: the pair lies on the host, because Docker has not taken it yet or has given it back; `gone`:
   * there are no links, after a reboot; null for a database of another host.
   */
  readonly state: 'used' | 'idle' | 'gone' | null
}

/** What the database says. */
export interface Records {
  readonly networks: readonly NetworkState[]
  readonly endpoints: readonly EndpointState[]
  readonly pools: readonly PoolState[]
}

/** Reads what Docker has made on this host; `pools` is what a driver remembers. Errors: those of the database. */
export async function recordsOf(host: Host, pools?: Pools): Promise<Records> {
  const [all, rows] = await Promise.all([networksOf(host), host.ovs.interfaces([{ has: { ovsd_owner: 'plugin' } }])])
  const networks = all.filter(isOfDocker)
  const places = await host.ovs.locate(rows.flat())
  const endpoints = places.flatMap(({ bridge, port, interface: row }): readonly EndpointState[] => {
    const { endpoint, network, spec, name, id, iface, ports } = readMarks(row.externalIds)
    // By the name too: external_ids can be copied from row to row.
    if (endpoint === '' || row.name !== linksOf(endpoint).port) return []
    const title = networks.find((one) => one.name === network)?.title ?? null
    return [
      {
        ...{ endpoint, network, title, bridge: bridge.name, port: port.name, farLink: linksOf(endpoint).far },
        ...{ addresses: spec?.addresses ?? [], mac: spec?.mac ?? '', vlan: describeVlan(port.vlan) },
        ...{ container: name || null, containerId: id || null, interface: iface || null, publishedPorts: ports },
        state: host.isDefaultDatabase ? stateOf(endpoint) : null,
      },
    ]
  })
  return {
    networks: networks.map((one) => ({
      ...('spec' in one ? describeNetwork(one.spec) : { network: one.name, bridge: one.bridge, problem: one.problem }),
      title: one.title ?? null,
      endpoints: endpoints.filter(({ network }) => network === one.name).length,
    })),
    endpoints: endpoints.sort((a, b) => (order(a) < order(b) ? -1 : 1)),
    pools: poolStates(networks, pools),
  }
}

const order = ({ network, container, endpoint }: EndpointState): string =>
  [network, container ?? '', endpoint].join('\0')

/** A record that cannot be read says no more whose it is; its name still does. */
const isOfDocker = (one: RecordedNetwork): boolean =>
  'spec' in one ? one.spec.owner === 'plugin' : /^[0-9a-f]{12}$/.test(one.name)

function stateOf(id: string): EndpointState['state'] {
  if (!linkExists(linksOf(id).port)) return 'gone'
  return isIdle(id) ? 'idle' : 'used'
}
