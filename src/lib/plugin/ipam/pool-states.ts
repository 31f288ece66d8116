import type { RecordedNetwork } from '../../network/record.ts'
import type { Pools } from './pools.ts'

/** A pool of addresses that Docker has from ovsd. */
export interface PoolState {
  /** Docker's id of it. */
  readonly pool: string
  readonly subnet: string
  readonly range: string
  /** The network's name here; null before Docker has made one of it. */
  readonly network: string | null
  /** Addresses that Docker was given a moment ago, and that no endpoint shows yet; null without a driver, which alone knows them. */
  readonly held: readonly string[] | null
}

/** The pools of networks, and those that the driver has given out beside. */
export function poolStates(networks: readonly RecordedNetwork[], pools?: Pools): readonly PoolState[] {
  const whose = new Map<string, string | null>(pools?.all.map(({ id }) => [id, null]))
  for (const one of networks) if ('spec' in one) for (const id of one.spec.pools) whose.set(id, one.name)
  return [...whose].map(([pool, network]) => {
    const [subnet = '', range = ''] = pool.split(',')
    return { pool, subnet, range, network, held: pools?.heldIn(pool) ?? null }
  })
}
