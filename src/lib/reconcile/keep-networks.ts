import type { Host } from '../host.ts'
import { networksOf, othersThan } from '../network/networks.ts'
import type { RecordedNetwork } from '../network/record.ts'
import type { NetworkSpec } from '../network/spec.ts'
import { isWithoutCentral } from '../ovn/without-central.ts'
import { completeNetwork } from '../plan/complete-network.ts'
import { missingOfParts } from '../plan/parts/parts.ts'
import type { Due } from './upkeep.ts'

/**
 * Networks of which something is missing on this host: after a reboot all that is in the kernel, and whatever somebody took
 * away. Error: DatabaseUnreachable.
 */
export async function incompleteNetworks(host: Host, signal: AbortSignal): Promise<readonly Due[]> {
  // What is in the kernel belongs to the networks of the host's own database.
  if (!host.isDefaultDatabase) return []
  // Whoever joins a transit network has to find it.
  const all = (await networksOf(host)).toSorted((a, b) => Number(isTransit(b)) - Number(isTransit(a)))
  const dues = await Promise.all(
    all.map(async (one): Promise<readonly Due[]> => {
      if (!('spec' in one)) return []
      const { spec } = one
      const why = await missingOrAway(missingOfParts(host, spec, { others: othersThan(spec, all), signal }), spec)
      return why.length === 0 ? [] : [incomplete(host, spec, why)]
    }),
  )
  return dues.flat()
}

const isTransit = (one: RecordedNetwork): boolean => 'spec' in one && one.spec.overlay?.role !== undefined

/** While central does not answer, or is still to be made for it, nothing can be said of a network on OVN; of all others it can. */
async function missingOrAway(
  looking: Promise<readonly string[]>,
  { central }: Pick<NetworkSpec, 'central'>,
): Promise<readonly string[]> {
  try {
    return await looking
  } catch (error) {
    if (isWithoutCentral(error) && (central !== undefined || error.code === 'CentralUnreachable')) return []
    throw error
  }
}

// It may be gone, or another one, since it was looked at.
const incomplete = (host: Host, { name, id }: NetworkSpec, why: readonly string[]): Due => ({
  ...{ about: `network ${name}`, why },
  plan: async (signal) => (await completeNetwork(host, name, { id, signal })).plan,
})
