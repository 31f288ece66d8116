import { isDeepStrictEqual } from 'node:util'
import { segment } from '../attach/taken.ts'
import { targetOf } from '../attach/target.ts'
import type { Container } from '../docker/container.ts'
import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Cidr } from '../net/cidr.ts'
import { heldAddresses, pickFrom, subnetsWithout, takenBesides } from '../network/addresses.ts'
import type { Network } from '../network/networks.ts'
import { networksOn } from '../network/seen.ts'
import { attachmentFor } from '../plan/attach-port.ts'
import type { AttachRequest } from '../plan/request.ts'
import type { Claims } from './claims.ts'
import type { Wanted } from './desired.ts'

/** How often other addresses are picked, when those that were have just been taken by another process. */
const MOST_PICKS = 10

interface Claimed extends Disposable {
  /** With the addresses that were picked. */
  readonly request: AttachRequest
  readonly picked: readonly Cidr[]
}

/** Claims what an attachment is about to take, and picks the addresses that its network is to give. */
export class Claiming {
  readonly #host: Host
  readonly #claims: Claims
  /** What was picked by container and interface, where nothing is attached that would show it (--dry-run). */
  readonly #promised: Map<string, { readonly where: string; readonly picked: readonly Cidr[] }> | undefined

  constructor(host: Host, claims: Claims, dryRun: boolean) {
    this.#host = host
    this.#claims = claims
    this.#promised = dryRun ? new Map() : undefined
  }

  /**
   * Does `work` on a request of which nobody else in this process takes anything meanwhile; and again with other addresses
   * when those that were picked turn out to be somebody's. Errors: PoolExhausted, those of `work`.
   */
  async with(container: Container, one: Wanted, work: (request: AttachRequest) => Promise<void>): Promise<void> {
    const avoid = new Set<string>()
    let wanted = one
    for (let left = MOST_PICKS; ; left--) {
      using claimed = await this.#claim(container, wanted, avoid)
      try {
        await work(claimed.request)
        return
      } catch (error) {
        const open = [...claimed.picked, ...(wanted.kept ?? [])]
        const isTaken = error instanceof OvsdError && error.code === 'AddressInUse'
        if (!isTaken || open.length === 0 || left === 0) throw error
        for (const { ip } of open) avoid.add(ip.text)
        wanted = withoutKept(wanted)
      }
    }
  }

  async #claim(container: Container, { request, network }: Wanted, avoid: Set<string>): Promise<Claimed> {
    const missing = network === undefined ? [] : subnetsWithout(network, request.addresses)
    if (network === undefined || missing.length === 0)
      return { ...(await this.#take(container, request)), request, picked: [] }
    const { id } = container
    const { iface } = request
    const mine = `${id} ${iface}`
    const where = placeOf(request)
    for (;;) {
      const { others } = await heldAddresses(this.#host, network, { id, iface })
      const promised = this.#promised?.get(mine)?.picked
      // Between the choice and the claim nothing is waited for: so no two make the same one.
      const has = (ip: string): boolean =>
        others.has(ip) ||
        avoid.has(ip) ||
        request.gateways.some(({ text }) => text === ip) ||
        this.#claims.holds(`${where} ${ip}`) ||
        this.#isPromised(mine, where, ip)
      const picked = promised ?? missing.map((subnet) => pickFrom(network, subnet, { has }))
      const complete: AttachRequest = { ...request, addresses: [...request.addresses, ...picked] }
      const claimed = await this.#take(container, complete)
      try {
        // Whoever held the claim before may have attached what was not there yet when the others were looked at.
        const taken = await takenBesides(this.#host, network, picked)
        if (taken.length === 0) {
          this.#promised?.set(mine, { where, picked })
          return { ...claimed, request: complete, picked }
        }
        for (const text of taken) avoid.add(text)
        this.#promised?.delete(mine)
      } catch (error) {
        claimed[Symbol.dispose]()
        throw error
      }
      claimed[Symbol.dispose]()
    }
  }

  #take(container: Container, request: AttachRequest): Promise<Disposable> {
    const { addresses, mac, external } = attachmentFor(request, targetOf(container))
    const where = placeOf(request)
    return this.#claims.take([
      ...[...addresses.map(({ ip }) => ip.text), mac].map((what) => `${where} ${what}`),
      ...(external === undefined ? [] : [`external ${external.ip.text}`]),
    ])
  }

  #isPromised(mine: string, where: string, ip: string): boolean {
    return [...(this.#promised ?? [])].some(
      ([key, other]) => key !== mine && other.where === where && other.picked.some((one) => one.ip.text === ip),
    )
  }
}

/** A VLAN of a bridge, in which an address, and a MAC, is there once. */
const placeOf = ({ bridge, vlan }: AttachRequest): string => `${bridge} ${String(segment(vlan))}`

function withoutKept({ kept = [], ...one }: Wanted): Wanted {
  const addresses = one.request.addresses.filter((address) => !kept.includes(address))
  return { ...one, request: { ...one.request, addresses } }
}

/** Refuses a network that was removed since it was looked up, or made anew. Under the lock, so that it then stays. */
export async function refuseChanged(host: Host, network: Network): Promise<void> {
  const { name, bridge } = network
  const row = await host.ovs.bridge(bridge)
  const now = row === undefined ? undefined : networksOn(row).find((one) => one.name === name)
  if (!isDeepStrictEqual(now, network))
    throw new Refused('NetworkMissing', `The network ${name} was removed from ${bridge}, or made anew, just now.`)
}
