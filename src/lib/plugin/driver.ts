// Docker's calls, each brought to a recipe. No handler asks the engine: it answers nobody while it waits for one.
import { findEndpoint, linksOf, type Endpoint } from '../attach/endpoint.ts'
import { shortId } from '../docker/container.ts'
import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { parseHostCidr } from '../net/cidr.ts'
import { linkExists } from '../net/links.ts'
import { parseMac } from '../net/mac.ts'
import { isNat } from '../network/gateway.ts'
import { networkMissing, usable, type Network } from '../network/networks.ts'
import { parseNetworkSpec } from '../network/spec.ts'
import { networksOn } from '../network/seen.ts'
import { usersOf, type Users } from '../network/users.ts'
import { createEndpoint, type EndpointWish } from '../plan/create-endpoint.ts'
import type { Prepared } from '../plan/prepared.ts'
import { publishPorts, revokePorts } from '../plan/publish-ports.ts'
import { removeEndpoint } from '../plan/remove-endpoint.ts'
import { removeNetwork } from '../plan/remove-network.ts'
import type { Policy } from '../policy/policy.ts'
import type { Log } from '../watch/log.ts'
import type { Pools } from './ipam/pools.ts'
import type { Pairs } from './pairs.ts'
import type { Store } from '../state/store.ts'
import { confinedNetwork } from './confined-network.ts'
import { joinAnswer, operInfo } from './endpoint-answers.ts'
import { makeNetwork } from './make-network.ts'
import { askedNetwork, networkName, type AskedNetwork } from './network-words.ts'
import type {
  CreateEndpointRequest,
  CreateNetworkRequest,
  EndpointName,
  ExternalRequest,
  JoinRequest,
} from './requests.ts'
import { transitCalled } from './transit-name.ts'
import type { Unpublished } from './unpublished.ts'
import type { Work } from './work.ts'

export interface DriverOptions {
  readonly host: Host
  readonly work: Work
  readonly store: Store
  /** What Docker has been given before it made a network or an endpoint of it. */
  readonly pools: Pools
  readonly pairs: Pairs
  readonly unpublished: Unpublished
  readonly log: Log
  /** Only networks on OVN are made. */
  readonly requireOvn: boolean
  /** Over networks that are made; it may be read again. */
  readonly policy: { readonly now: Policy }
}

/** The network driver; each method gives what Docker is answered. */
export class Driver {
  readonly #options: DriverOptions

  constructor(options: DriverOptions) {
    this.#options = options
  }

  /** Errors: BadInput, NeedsOvn, PolicyRefused, NetworkDiffers, those of createNetwork. */
  async createNetwork(request: CreateNetworkRequest, signal: AbortSignal): Promise<object> {
    const { host, work, store, pools, requireOvn, policy } = this.#options
    const networks = (await this.#networks()).flatMap((one) => ('spec' in one ? one.spec : []))
    // Of one that is there already, and is asked for again, they are known.
    const ids = networks.find(({ docker }) => docker === request.network)?.pools
    const asked = askedNetwork(request, { pools: ids ?? pools.idsFor(request.pools, networks), requireOvn })
    const { words, spec } = await this.#withTransit(asked, signal)
    await work.network(request.network, signal, () =>
      confinedNetwork(host, policy.now, { words, spec, options: request.options }, () =>
        makeNetwork(host, { words, spec }, store),
      ),
    )
    return {}
  }

  /**
   * What Docker deletes is gone for Docker, whatever it is answered: whoever is still in it goes with it. It knows nothing of who was brought in with
   * `ovsd net connect`, so they are told of.
   */
  async deleteNetwork(id: string, signal: AbortSignal): Promise<object> {
    const { host, work, store, log } = this.#options
    const name = networkName(id)
    const others = new Set<string>()
    let title = name
    const tell = (): void => {
      if (others.size === 0) return
      const what = [...others]
      const text = `Docker removes the network ${title}, with what it knows nothing of: ${what.join(', ')}`
      log.warn('network.emptied', text, { network: name, title, what })
    }
    try {
      await work.network(id, signal, async () => {
        const all = await this.#networks()
        const nothing = { plan: undefined, result: {} }
        if (all.some((one) => one.name === name && 'spec' in one && one.spec.docker !== id)) return nothing
        const found = all.find((one): one is Network => 'spec' in one && one.name === name)
        if (found !== undefined) for (const one of notOfDocker(await usersOf(host, found))) others.add(one)
        title = found?.title ?? name
        return await removeNetwork(host, name, { force: true, store }).catch(unless('NetworkMissing', nothing))
      })
    } finally {
      // Docker repeats nothing that failed, and what is left goes as a network that it has forgotten.
      tell()
    }
    return {}
  }

  /** Errors: BadInput, NetworkMissing, EndpointDiffers, AddressInUse, those of the plan. */
  async createEndpoint(request: CreateEndpointRequest, signal: AbortSignal): Promise<object> {
    const { addresses, mac } = request
    const network = await this.#network(request.network)
    const made = await this.#make(request, signal, (network) => ({
      ...{ network, id: request.endpoint },
      addresses: addresses.map((text) => parseHostCidr(text, '--ip')),
      mac: mac === '' ? undefined : parseMac(mac, '--mac-address'),
    }))
    // The endpoint itself shows from now on that they are in use.
    for (const pool of network.spec.pools)
      for (const text of addresses) this.#options.pools.free(pool, text.replace(/\/.*/s, ''))
    // What Docker said itself is an error in its own ears (moby, drivers/remote/driver.go).
    return mac === '' ? { Interface: { MacAddress: made.mac } } : {}
  }

  /**
   * Makes the links anew where they are gone, after a reboot. Of a container with published ports Docker has them published by the endpoint that has its
   * gateway: so one that cannot publish any names none. Errors: EndpointMissing, NetworkMissing, those of the plan.
   */
  async join(request: JoinRequest, signal: AbortSignal): Promise<object> {
    const { marks } = await this.#endpoint(request)
    const network = await this.#network(request.network)
    if (!linkExists(linksOf(request.endpoint).port))
      await this.#make(request, signal, () => ({
        ...{ network, id: request.endpoint },
        addresses: (marks.spec?.addresses ?? []).map((text) => parseHostCidr(text, 'ovsd_spec')),
        mac: marks.spec === undefined ? undefined : parseMac(marks.spec.mac, 'ovsd_spec'),
      }))
    const isPassedOver = request.ports.length > 0 && !isNat(network.spec)
    if (isPassedOver) this.#options.unpublished.joined(request.endpoint, request.ports)
    return joinAnswer(network, request.endpoint, marks.spec, { hasGateways: !isPassedOver })
  }

  /** Docker takes its end of the pair back by itself, and says what becomes of the endpoint right after this. */
  leave(): object {
    return {}
  }

  /** The port is gone when this ends, and the pair a moment later. Errors: those of the plan. */
  async deleteEndpoint({ endpoint }: EndpointName, signal: AbortSignal): Promise<object> {
    const { host, work, pairs, unpublished } = this.#options
    unpublished.left(endpoint)
    const { links } = await work.endpoint(endpoint, signal, () => removeEndpoint(host, endpoint, true))
    pairs.remove(endpoint, links)
    return {}
  }

  /** Error: EndpointMissing. */
  async endpointOperInfo(request: EndpointName): Promise<object> {
    return { Value: operInfo(await this.#endpoint(request)) }
  }

  /** Errors: EndpointMissing, NetworkMissing, PortsNotPublished, HostPortInUse, HostAddressMissing, those of the plan. */
  async programExternalConnectivity(request: ExternalRequest, signal: AbortSignal): Promise<object> {
    const { host, work } = this.#options
    const { ports, endpoint } = request
    if (ports.length === 0) return this.revokeExternalConnectivity(request, signal)
    await work.endpoint(endpoint, signal, async () =>
      publishPorts(host, await this.#network(request.network), await this.#endpoint(request), ports),
    )
    return {}
  }

  /** Ends what is published of an endpoint; nothing, and no endpoint, is fine. Errors: those of the plan. */
  async revokeExternalConnectivity({ endpoint }: EndpointName, signal: AbortSignal): Promise<object> {
    const { host, work } = this.#options
    // Asked about every container that stops, most of which publish nothing.
    if (((await findEndpoint(host, endpoint))?.marks.ports ?? []).length === 0) return {}
    await work.endpoint(endpoint, signal, async (): Promise<Prepared<object>> => {
      const found = await findEndpoint(host, endpoint)
      return found === undefined ? { plan: undefined, result: {} } : await revokePorts(host, found)
    })
    return {}
  }

  /** In the words of a network its transit network is what all hosts call it. */
  async #withTransit({ words, spec }: AskedNetwork, signal: AbortSignal): Promise<AskedNetwork> {
    if (words.transitNetwork === undefined) return { words, spec }
    const transitNetwork = await transitCalled(this.#options.host, words.transitNetwork, signal)
    const meant = { ...words, transitNetwork }
    return { words: meant, spec: parseNetworkSpec(meant) }
  }

  async #make(
    { network, endpoint }: EndpointName,
    signal: AbortSignal,
    wishIn: (network: Network) => EndpointWish,
  ): Promise<{ readonly mac: string }> {
    const { host, work } = this.#options
    // A value that is wrong is told of at once, and again under the lock: the network may be another one then.
    wishIn(await this.#network(network))
    return await work.endpoint(endpoint, signal, async () => createEndpoint(host, wishIn(await this.#network(network))))
  }

  async #networks() {
    return (await this.#options.host.ovs.bridges()).flatMap(networksOn)
  }

  /** Errors: NetworkMissing, NetworkDamaged. */
  async #network(id: string): Promise<Network> {
    const all = await this.#networks()
    const found = all.find((one): one is Network => 'spec' in one && one.spec.docker === id)
    if (found !== undefined) return found
    const damaged = all.find((one) => !('spec' in one) && one.name === networkName(id))
    if (damaged !== undefined) return usable(damaged)
    throw networkMissing(networkName(id), all)
  }

  /** Error: EndpointMissing. */
  async #endpoint({ network, endpoint }: EndpointName): Promise<Endpoint> {
    const found = await findEndpoint(this.#options.host, endpoint)
    if (found?.marks.network === networkName(network)) return found
    throw new Refused('EndpointMissing', `There is no endpoint ${shortId(endpoint)} in ${networkName(network)}.`, {
      next: 'Somebody removed its port: stop the container and start it again',
    })
  }
}

/** Who is in a network and not by Docker's endpoints, in words. */
const notOfDocker = ({ ports, records }: Users): readonly string[] => [
  ...ports.flatMap(({ marks: { endpoint, iface, name, container } }) =>
    endpoint === '' ? [`${iface} of ${name || container}`] : [],
  ),
  ...records.map(({ iface, name }) => `${iface} of ${name}, which does not run`),
]

function unless<T>(code: string, otherwise: T): (error: unknown) => T {
  return (error) => {
    if (error instanceof OvsdError && error.code === code) return otherwise
    throw error
  }
}
