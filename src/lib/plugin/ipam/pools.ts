import type { IpAddress } from '../../net/ip-address.ts'
import type { NetworkSpec } from '../../network/spec.ts'
import { newPool, type Pool } from './pool.ts'

/** How long an address that Docker was given, and for which it never made an endpoint, is nobody else's, in milliseconds. */
const HELD_MS = 300_000

interface Held {
  readonly since: number
  /** UUID of the logical port that keeps it for all hosts. */
  readonly port: string | undefined
}

/**
 * What Docker has been given and no network or endpoint shows yet: pools before their network is made, addresses before their endpoint is.
 * It is known to this process alone: when it ends, Docker's call for which it was known fails as well.
 */
export class Pools {
  readonly #pools = new Map<string, Pool>()
  readonly #held = new Map<string, Map<string, Held>>()
  /** The address of each pool that was given out last: one that was released is not soon somebody else's. */
  readonly #last = new Map<string, IpAddress>()

  /** A new pool. */
  add(subnet: Pool['subnet'], range: Pool['range']): Pool {
    const pool = newPool(subnet, range)
    this.#pools.set(pool.id, pool)
    return pool
  }

  /** Docker needs the pool no more. */
  remove(id: string): void {
    this.#pools.delete(id)
    this.#held.delete(id)
    this.#last.delete(id)
  }

  /** Those that Docker has been given. */
  get all(): readonly Pool[] {
    return [...this.#pools.values()]
  }

  /**
   * The pools of a network that Docker makes now. It does not say which they are: of several with the same subnet for which no network is
   * known yet each may be it, and whatever is in one of these networks is then given in none of them.
   */
  idsFor(subnets: readonly string[], networks: readonly NetworkSpec[]): readonly string[] {
    const all = this.all
    const subnetOf = (id: string): string => id.replace(/,.*/s, '')
    const isSettled = ({ id, subnet }: Pool): boolean =>
      networks.some(
        ({ pools }) => pools.includes(id) && pools.filter((one) => subnetOf(one) === subnet.text).length === 1,
      )
    return all.filter((pool) => subnets.includes(pool.subnet.text) && !isSettled(pool)).map(({ id }) => id)
  }

  /** Nobody else is given this address of a pool, until it is freed. */
  hold({ id }: Pool, ip: IpAddress, port?: string): void {
    const held = this.#held.get(id) ?? new Map<string, Held>()
    held.set(ip.text, { since: performance.now(), port })
    this.#held.set(id, held)
  }

  /** The same for one that nobody asked for. */
  give(pool: Pool, ip: IpAddress): void {
    this.hold(pool, ip)
    this.#last.set(pool.id, ip)
  }

  isHeld({ id }: Pool, { text }: IpAddress): boolean {
    const held = this.#held.get(id)?.get(text)
    if (held === undefined) return false
    if (performance.now() - held.since < HELD_MS) return true
    this.#held.get(id)?.delete(text)
    return false
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
}
