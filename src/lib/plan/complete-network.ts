import type { Host } from '../host.ts'
import { networksOf, othersThan } from '../network/networks.ts'
import { makeParts, missingOfParts } from './parts/parts.ts'
import type { Prepared } from './prepared.ts'

/** What was missing of a network on this host, in words. */
export interface CompletedNetwork {
  readonly network: string
  readonly missing: readonly string[]
}

/**
 * Plans what puts back all that a network lacks on this host; nothing, when it is whole, gone, or, with an `id`, another one of
 * that name. Errors: those of its parts, DatabaseUnreachable.
 */
export async function completeNetwork(
  host: Host,
  name: string,
  { id, signal }: { readonly id?: string | undefined; readonly signal?: AbortSignal } = {},
): Promise<Prepared<CompletedNetwork>> {
  const all = await networksOf(host)
  const found = all.find((one) => one.name === name)
  const nothing = { plan: undefined, result: { network: name, missing: [] } }
  if (found === undefined || !('spec' in found) || (id !== undefined && found.spec.id !== id)) return nothing
  const around = { others: othersThan(found.spec, all), ...(signal === undefined ? {} : { signal }) }
  const missing = await missingOfParts(host, found.spec, around)
  if (missing.length === 0) return nothing
  const stages = await makeParts(host, found.spec, around)
  const title = `Complete the network ${name}: ${missing.join(', ')}`
  return { plan: { onFailure: 'unwind', title, stages }, result: { network: name, missing } }
}
