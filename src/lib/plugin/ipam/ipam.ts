// Addresses for Docker: `docker network create --ipam-driver ovsd`. What is in use is read from the networks themselves.
import { hostname } from 'node:os'
import { BadInput, OvsdError, Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import { contains, isNotAHost } from '../../net/cidr.ts'
import { ipOfBits, parseIp, type IpAddress } from '../../net/ip-address.ts'
import { heldAddresses, hostIn, takenBesides } from '../../network/addresses.ts'
import { networksOf, type Network } from '../../network/networks.ts'
import { firstHost, type Subnet } from '../../network/subnet.ts'
import { isTooEarly } from '../../plan/logical-endpoint.ts'
import { nextFree, poolOf, type AddressPool } from '../../ovn/nb/pools.ts'
import { readLocal } from '../../ovn/local.ts'
import { freeSubnet } from './free-subnet.ts'
import { keepAddress, letGo } from './logical.ts'
import { partsOf, placeIn, poolNamed, type Pool } from './pool.ts'
import type { Pools } from './pools.ts'
import type { AddressRequest, PoolRequest } from './requests.ts'

/** The methods about addresses; each gives what Docker is answered. */
export class Ipam {
  readonly #host: Host
  readonly #pools: Pools

  constructor(host: Host, pools: Pools) {
    this.#host = host
    this.#pools = pools
  }

  /** Errors: BadInput, PoolExhausted. */
  async requestPool({ subnet, range, isIpv6, options }: PoolRequest, signal: AbortSignal): Promise<object> {
    const [option] = Object.keys(options)
    if (option !== undefined)
      throw new BadInput(
        '--ipam-opt',
        `there is no option ${JSON.stringify(option.slice(0, 80))}.`,
        'none: leave it out',
      )
    if (subnet === '' && range !== '')
      throw new BadInput('--ip-range', 'it is a part of a subnet, and there is none.', '--subnet')
    const parts = subnet === '' ? await this.#freeParts(isIpv6, signal) : partsOf(subnet, range)
    const pool = this.#pools.add(parts.subnet, parts.range)
    return { PoolID: pool.id, Pool: pool.subnet.text, Data: {} }
  }

  /** What nobody knows of is fine. Error: BadCall. */
  releasePool(id: string): object {
    this.#pools.remove(poolNamed(id).id)
    return {}
  }

  /** Errors: BadCall, BadInput, AddressInUse, PoolExhausted, LogicalSwitchGone, CentralUnreachable. */
  async requestAddress({ pool: id, address, isGateway }: AddressRequest, signal: AbortSignal): Promise<object> {
    const pool = poolNamed(id)
    const networks = await this.#networksOf(pool)
    const asked = address === '' ? undefined : this.#asked(pool, networks, address, isGateway)
    if (asked === undefined && !isGateway) refuseUnasked(pool, networks)
    const overlay = networks.length === 1 && networks[0]?.spec.overlay !== undefined ? networks[0] : undefined
    const ip =
      overlay === undefined || isGateway
        ? (asked ?? (await this.#choose(pool, networks, isGateway)))
        : await this.#keep(pool, overlay, asked, signal)
    if (overlay === undefined || isGateway) this.#pools.hold(pool, ip)
    return { Address: hostIn({ cidr: pool.subnet }, ip).text, Data: {} }
  }

  /** What nobody knows of is fine. Errors: BadCall, those of a change of the northbound database. */
  async releaseAddress({ pool: id, address }: AddressRequest, signal: AbortSignal): Promise<object> {
    const pool = poolNamed(id)
    const port = this.#pools.free(pool.id, address)
    const [network] = await this.#networksOf(pool)
    if (port === undefined || network === undefined) return {}
    try {
      await letGo(this.#host, network, port, signal)
    } catch (error) {
      // Who keeps networks finds it later.
      if (!(error instanceof OvsdError) || error.code !== 'CentralUnreachable') throw error
    }
    return {}
  }

  async #freeParts(isIpv6: boolean, signal: AbortSignal): Promise<Pick<Pool, 'subnet' | 'range'>> {
    const recorded = (await networksOf(this.#host)).flatMap((one) => ('spec' in one ? one.spec.subnets : []))
    const others = [...recorded.map(({ cidr }) => cidr), ...this.#pools.all.map(({ subnet }) => subnet)]
    const subnet = await freeSubnet(this.#host, isIpv6, others, signal)
    return { subnet, range: subnet }
  }

  /** The network of a pool; several, or those with the same subnet, when it is not known for certain. */
  async #networksOf({ id, subnet }: Pool): Promise<readonly Network[]> {
    const all = (await networksOf(this.#host)).filter((one): one is Network => 'spec' in one)
    const named = all.filter(({ spec }) => spec.pools.includes(id))
    if (named.length > 0) return named
    return this.#pools.all.some((one) => one.id === id)
      ? []
      : all.filter(({ spec }) => spec.docker !== undefined && subnetIn(spec, subnet.text) !== undefined)
  }

  /** Errors: BadInput, AddressInUse. */
  #asked({ subnet }: Pool, networks: readonly Network[], text: string, isGateway: boolean): IpAddress {
    const field = isGateway ? '--gateway' : '--ip'
    const ip = parseIp(text, field, firstHost(subnet).text)
    if (!contains(subnet, ip) || isNotAHost(subnet, ip))
      throw new BadInput(field, `${ip.text} is no host's address in ${subnet.text}.`, firstHost(subnet).text)
    const kept = networks
      .map(({ spec }) => subnetIn(spec, subnet.text))
      .find((one) => one !== undefined && keeps(one, ip))
    if (kept !== undefined && !isGateway)
      throw new Refused('AddressInUse', `${ip.text} is kept for a gateway, or for something else, in ${subnet.text}.`, {
        next: 'Choose another one, or have one given: leave out --ip',
      })
    return ip
  }

  /** Error: PoolExhausted. */
  async #choose(pool: Pool, networks: readonly Network[], isGateway: boolean): Promise<IpAddress> {
    const first = firstHost(pool.subnet)
    if (isGateway && !this.#pools.isHeld(pool, first)) return first
    const begin = await this.#begin(pool, networks)
    const used = new Set<string>()
    for (const network of networks)
      for (const text of (await heldAddresses(this.#host, network, { id: '', iface: '' })).others) used.add(text)
    for (;;) {
      const ip = nextFree(
        hintOf(this.#pools.lastOf(pool) ?? begin),
        poolWith(pool, networks),
        0,
        (one) => used.has(one.text) || this.#pools.isHeld(pool, one),
      )
      if (ip === undefined) throw exhausted(pool)
      // Before anything is waited for: whoever asks meanwhile gets another one.
      this.#pools.give(pool, ip)
      const cidr = hostIn({ cidr: pool.subnet }, ip)
      const taken = await Promise.all(networks.map((network) => takenBesides(this.#host, network, [cidr])))
      if (taken.flat().length === 0) return ip
      this.#pools.free(pool.id, ip.text)
      used.add(ip.text)
    }
  }

  /**
   * An address on OVN, which a logical port keeps. While central is away, or is still being made, none can: then it is what was asked for,
   * or what this host alone believes to be free. Central is told later, and takes no address twice: until then nothing passes
   * between hosts, and a port whose address another host was given meanwhile stays away, and is told of (upkeep.failed).
   */
  async #keep(pool: Pool, network: Network, asked: IpAddress | undefined, signal: AbortSignal): Promise<IpAddress> {
    try {
      const kept = await keepAddress(this.#host, network, asked ?? poolWith(pool, [network]), signal)
      this.#pools.hold(pool, kept.ip, kept.port)
      return kept.ip
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      if (error.code !== 'CentralUnreachable' && !isTooEarly(network, error)) throw error
      return asked ?? (await this.#choose(pool, [network], false))
    }
  }

  /** Where the first address of a pool is looked for: on OVN each host has a place of its own, because central may be away. */
  async #begin(pool: Pool, networks: readonly Network[]): Promise<IpAddress | undefined> {
    const last = this.#pools.lastOf(pool)
    if (last !== undefined || networks.every(({ spec }) => spec.overlay === undefined)) return last
    const { systemId } = await readLocal(this.#host)
    return placeIn(pool, systemId || hostname())
  }
}

/** In a network with `ipam=static` nobody has an address that was not asked for. Error: BadInput. */
function refuseUnasked({ subnet }: Pool, networks: readonly Network[]): void {
  const [network] = networks
  if (network === undefined || networks.some(({ spec }) => spec.source !== 'static')) return
  throw new BadInput(
    '--ip',
    `the network ${network.title ?? network.name} gives no addresses by itself (ipam=static), so one has to be named.`,
    firstHost(subnet).text,
  )
}

const subnetIn = ({ subnets }: Pick<Network['spec'], 'subnets'>, text: string): Subnet | undefined =>
  subnets.find(({ cidr }) => cidr.text === text)

const keeps = ({ gateway, aux }: Subnet, ip: IpAddress): boolean =>
  [gateway, ...aux.map((one) => one.ip)].some((one) => one?.text === ip.text)

/** What addresses are given out from, without those that the networks keep. */
function poolWith({ subnet, range }: Pool, networks: readonly Network[]): AddressPool {
  const found = networks.flatMap(({ spec }) => subnetIn(spec, subnet.text) ?? [])
  const kept = found.flatMap(({ gateway, aux }) => [...(gateway === undefined ? [] : [{ ip: gateway }]), ...aux])
  return poolOf({ cidr: subnet, range, gateway: undefined, aux: kept })
}

/** Where to begin, as the notes of a logical switch have it. */
const hintOf = (last: IpAddress | undefined): Readonly<Record<string, string>> =>
  last === undefined ? {} : { [`ovsd_next.${String(last.family)}`]: ipOfBits(last.family, last.bits + 1n).text }

const exhausted = ({ range }: Pool): Refused =>
  new Refused('PoolExhausted', `No address is left: all of ${range.text} are in use, or kept for something else.`, {
    next: 'See who has them: docker network inspect NETWORK; ovsd list',
  })
