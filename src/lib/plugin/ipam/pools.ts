import type { IpAddress } from '../../net/ip-address.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import type { PoolData } from '../requests.ts'
import { newPool, type Pool } from './pool.ts'

/**
 * How long what Docker was given is nobody else's, in milliseconds, when it then makes nothing of it: an address without an endpoint, a pool
 * without a network. Its answer was lost, or Docker was killed, and it gives back what it does not know of never.
 */
const HELD_MS = 300_000

interface Held {
  readonly since: number
  /** UUID of the logical port that keeps it for all hosts. */
  readonly port: string | undefined
}

interface Given {
  readonly pool: Pool
  readonly since: number
}

/**
 * What Docker has been given and no network or endpoint shows yet: pools before their network is made, addresses before their endpoint is.
 * It is known to this process alone: when it ends, Docker's call for which it was known fails as well.
 */
export class Pools {
  readonly #now: () => number
  readonly #pools = new Map<string, Given>()
  /** Pools that networks were made of: Docker gives them back with these. */
  readonly #taken = new Set<string>()
  readonly #held = new Map<string, Map<string, Held>>()
  /** The address of each pool that was given out last: one that was released is not soon somebody else's. */
  readonly #last = new Map<string, IpAddress>()

  /** `now` tells the time in milliseconds, from whenever. */
  constructor(now = (): number => performance.now()) {
    this.#now = now
  }

  /** A new pool. */
  add(subnet: Pool['subnet'], range: Pool['range']): Pool {
    const pool = newPool(subnet, range)
    this.#pools.set(pool.id, { pool, since: this.#now() })
    return pool
  }

  /** Docker needs the pool no more. */
  remove(id: string): void {
    this.#pools.delete(id)
    this.#taken.delete(id)
    this.#held.delete(id)
    this.#last.delete(id)
  }

  /** Those that Docker has been given, without those that no network took in time. */
  get all(): readonly Pool[] {
    this.#forget((id) => this.#taken.has(id))
    return [...this.#pools.values()].map(({ pool }) => pool)
  }

  /**
   * The pools of a network that Docker makes now, and takes with this. It does not say which they are, but of its own it has asked just the
   * network's gateway and kept addresses; of several with the same subnet for which no network is known yet, and of which all of
   * that is true, each may be it, and whatever is in one of these networks is then given in none of them.
   */
  idsFor(asked: readonly PoolData[], networks: readonly NetworkSpec[]): readonly string[] {
    // Also what was meant for a network that could not be made then.
    this.#forget((id) => networks.some(({ pools }) => pools.includes(id)))
    const unsettled = this.all.filter((pool) => !isSettled(pool, networks))
    const ids = asked.flatMap((data) => {
      const likely = unsettled.filter(({ subnet }) => subnet.text === data.pool)
      const own = likely.filter((pool) => this.#hasJust(pool, data))
      return (own.length === 0 ? likely : own).map(({ id }) => id)
    })
    for (const id of ids) this.#taken.add(id)
    return ids
  }

  /** Nobody else is given this address of a pool, until it is freed. */
  hold({ id }: Pool, ip: IpAddress, port?: string): void {
    const held = this.#held.get(id) ?? new Map<string, Held>()
    held.set(ip.text, { since: this.#now(), port })
    this.#held.set(id, held)
  }

  /** The same for one that nobody asked for. */
  give(pool: Pool, ip: IpAddress): void {
    this.hold(pool, ip)
    this.#last.set(pool.id, ip)
  }

  isHeld({ id }: Pool, { text }: IpAddress): boolean {
    return this.heldIn(id).includes(text)
  }

  /** What of a pool is held. */
  heldIn(id: string): readonly string[] {
    const held = this.#held.get(id) ?? new Map<string, Held>()
    for (const [text, { since }] of held) if (this.#now() - since >= HELD_MS) held.delete(text)
    return [...held.keys()]
  }

  /** What shows it, or Docker gave it back. Gives the UUID of the logical port that has kept it. */
  free(id: string, text: string): string | undefined {
    const port = this.#held.get(id)?.get(text)?.port
    this.#held.get(id)?.delete(text)
    return port
  }

  lastOf({ id }: Pool): IpAddress | undefined {
    return this.#last.get(id)
  }

  /** Pools that Docker was given long ago go, but for those that are in use. */
  #forget(isUsed: (id: string) => boolean): void {
    const now = this.#now()
    for (const [id, { since }] of this.#pools) if (now - since >= HELD_MS && !isUsed(id)) this.remove(id)
  }

  /** Whether Docker has asked of a pool all that a network keeps of it, and nothing else. */
  #hasJust({ id }: Pool, { gateway, aux }: PoolData): boolean {
    const kept = [gateway, ...Object.values(aux)].filter((text) => text !== '').map((text) => text.replace(/\/.*/s, ''))
    const held = this.#held.get(id) ?? new Map<string, Held>()
    return held.size === new Set(kept).size && kept.every((text) => held.has(text))
  }
}

/** Whether a pool is certainly that of a network which is there. */
const isSettled = ({ id, subnet }: Pool, networks: readonly NetworkSpec[]): boolean =>
  networks.some(({ pools }) => pools.includes(id) && pools.filter((one) => subnetOf(one) === subnet.text).length === 1)

const subnetOf = (id: string): string => id.replace(/,.*/s, '')
