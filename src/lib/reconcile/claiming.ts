import { isDeepStrictEqual } from 'node:util'
import { segment } from '../attach/taken.ts'
import { targetOf } from '../attach/target.ts'
import type { Container } from '../docker/container.ts'
import { OvsdError, Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Cidr } from '../net/cidr.ts'
import { subnetsWithout } from '../network/addresses.ts'
import type { Network } from '../network/networks.ts'
import { networksOn } from '../network/seen.ts'
import { attachmentFor } from '../plan/attach-port.ts'
import type { AttachRequest } from '../plan/request.ts'
import { choiceIn } from './choice.ts'
import type { Claims } from './claims.ts'
import type { Wanted } from './desired.ts'

/** How often other addresses are picked, when those that were have just been taken by another process, or another host. */
const MOST_PICKS = 20
/** Somebody was faster: to take an address, or to change the same switch of OVN again and again. */
const FASTER = ['AddressInUse', 'ChangedMeanwhile']

interface Claimed extends Disposable {
  /** With the addresses that were picked. */
  readonly request: AttachRequest
  readonly picked: readonly Cidr[]
}

/** What has become of the addresses that were picked before. */
interface Before {
  /** Somebody's, as it turned out. */
  readonly avoid: Set<string>
  /** How often that was so. */
  readonly tries: number
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
   * when those that were picked turn out to be somebody's. Errors: PoolExhausted, CentralUnreachable, those of `work`.
   */
  async with(container: Container, one: Wanted, work: (request: AttachRequest) => Promise<void>): Promise<void> {
    const avoid = new Set<string>()
    let wanted = one
    for (let tries = 0; ; tries++) {
      using claimed = await this.#claim(container, wanted, { avoid, tries })
      try {
        await work({ ...claimed.request, isChosen: claimed.picked.length > 0 })
        return
      } catch (error) {
        const open = [...claimed.picked, ...(wanted.kept ?? [])]
        const isTaken = error instanceof OvsdError && FASTER.includes(error.code)
        if (!isTaken || open.length === 0 || tries === MOST_PICKS) throw error
        for (const { ip } of open) avoid.add(ip.text)
        wanted = withoutKept(wanted)
      }
    }
  }

  async #claim(container: Container, wanted: Wanted, { avoid, tries }: Before): Promise<Claimed> {
    const { request, network } = wanted
    if (network === undefined || !isToBeChosen(wanted, network))
      return { ...(await this.#take(container, request)), request, picked: [] }
    const mine = `${container.id} ${request.iface}`
    const where = placeOf(request)
    const isAnothers = (ip: string): boolean =>
      avoid.has(ip) ||
      request.gateways.some(({ text }) => text === ip) ||
      this.#claims.holds(`${where} ${ip}`) ||
      this.#isPromised(mine, where, ip)
    const choose = choiceIn(this.#host, network, wanted, container.id, tries)
    for (;;) {
      const choice = await choose(isAnothers)
      const promised = this.#promised?.get(mine)?.picked
      const picked = promised ?? choice.pick(isAnothers)
      // Of what was chosen while others chose, some may be theirs by now. From here to the claim nothing is waited for: so no two
      // make the same choice.
      if (promised === undefined && picked.some(({ ip }) => isAnothers(ip.text))) continue
      const complete: AttachRequest = { ...request, addresses: [...request.addresses, ...picked] }
      const claimed = await this.#take(container, complete)
      try {
        // Whoever held the claim before may have attached what was not there yet when the others were looked at.
        const taken = await choice.taken(picked)
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

/** Whether its network still gives it an address, or whoever gives those out has to say whether it can have one. */
function isToBeChosen({ request: { addresses }, had = [] }: Wanted, network: Network): boolean {
  if (subnetsWithout(network, addresses).length > 0) return true
  const known = new Set(had.map((text) => text.replace(/\/.*/, '')))
  return network.spec.overlay !== undefined && addresses.some(({ ip }) => !known.has(ip.text))
}

/** Where an address, and a MAC, is there once: a network of OVN, or a VLAN of a bridge. */
const placeOf = ({ bridge, vlan, network, onOvn }: AttachRequest): string =>
  onOvn === true ? `${bridge} ${network ?? ''}` : `${bridge} ${String(segment(vlan))}`

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
