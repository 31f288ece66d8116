import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import { learntPairs, networkRecord } from '../network/record.ts'
import { compareNetworks, type Standing } from '../state/compare.ts'
import { networksOnRows, specOf, wordsOf, type KeptNetwork } from '../state/kept-network.ts'
import { createNetwork } from './create-network.ts'
import type { FutureBridges } from './future-bridges.ts'
import type { Prepared } from './prepared.ts'
import type { ReversibleStep } from './step.ts'

/** A network of an import; `message` says what is otherwise. */
export interface ImportedNetwork {
  readonly network: string
  readonly bridge: string
  readonly status: 'restored' | 'unchanged' | 'differs'
  readonly message: string | null
}

/** What is to be done about the networks of an import. */
export interface NetworksToImport extends Disposable {
  readonly results: readonly ImportedNetwork[]
  readonly stages: readonly (readonly ReversibleStep[])[]
  /** Why some cannot be put back, in words. */
  readonly problems: readonly string[]
}

/**
 * Plans the records of those networks that the database has not, by `createNetwork` and each beside the others; `future` has
 * them then. What they have on the host is planned when they are all there (`completeNetwork`): it depends on the others.
 * `source` is where they come from.
 */
export async function networksToImport(
  host: Host,
  future: FutureBridges,
  wanted: readonly KeptNetwork[],
  source: 'store' | 'document',
): Promise<NetworksToImport> {
  const compared = compareNetworks(wanted, networksOnRows(await future.bridges()))
  const results = compared.flatMap((one) =>
    one.kept === undefined ? [] : [resultOf(one.kept, one.recorded?.bridge, one.standing, source)],
  )
  const made: Planned[] = []
  const problems: string[] = []
  for (const { standing, kept } of compared) {
    if (standing !== 'missing' || kept === undefined) continue
    const planned = await restoration({ ...host, ovs: future }, kept)
    if (typeof planned === 'string') problems.push(`${kept.name}: ${planned}`)
    else {
      made.push(planned)
      future.expect(kept.bridge, { ...networkRecord(wordsOf(kept)), ...learntPairs(kept.name, kept) })
    }
  }
  return {
    ...{ results, problems },
    stages: made.flatMap(({ stages }) => stages),
    [Symbol.dispose]: () => {
      for (const { prepared } of made.toReversed()) prepared[Symbol.dispose]?.()
    },
  }
}

interface Planned {
  readonly stages: readonly (readonly ReversibleStep[])[]
  readonly prepared: Prepared<object>
}

/** The plan that makes a network again, with its id and in its own segment; or why it cannot be had. */
async function restoration(host: Host, kept: KeptNetwork): Promise<Planned | string> {
  const spec = specOf(kept)
  if (typeof spec === 'string') return spec
  try {
    const prepared = await createNetwork(host, wordsOf(kept), spec, { mayExist: false, recordOnly: true, learnt: kept })
    const { plan, result } = prepared
    if (plan?.onFailure === 'unwind' && result.vlan === (spec.vlan ?? null)) return { stages: plan.stages, prepared }
    prepared[Symbol.dispose]?.()
    // Without a VLAN of its own it would get any other that is free, and no port of it would be in that.
    return `another network has the untagged traffic of ${kept.bridge}.`
  } catch (error) {
    if (error instanceof OvsdError) return error.message
    throw error
  }
}

function resultOf(
  { name: network, ...kept }: KeptNetwork,
  found: string | undefined,
  standing: Standing,
  source: 'store' | 'document',
): ImportedNetwork {
  const about = { network, bridge: found ?? kept.bridge }
  const differs = (message: string): ImportedNetwork => ({ ...about, status: 'differs', message })
  switch (standing) {
    case 'missing':
      return { ...about, status: 'restored', message: null }
    case 'differs':
      // A copy that is behind is what is otherwise then, and is written anew.
      return source === 'store'
        ? { ...about, status: 'unchanged', message: null }
        : differs('it is there with other settings')
    case 'replaced':
      return differs('there is another network of that name, made later')
    case 'unusable':
      return differs('its record is damaged; see: ovsd state check')
    case 'ok':
    case 'unkept':
      return { ...about, status: 'unchanged', message: null }
  }
}
