// A network is recorded among the external_ids of its bridge: it goes with the bridge, survives reboots, and needs no file.
// A stable interface, as the marks are (man/ovsd.8, "MARKS"). The words are kept and not what was made of them: whoever reads
// them checks them again, for anybody may have written them.
import { OvsdError } from '../errors.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import { parseNetworkSpec, type NetworkSpec } from './spec.ts'
import { LISTS, TEXTS, type NetworkWords } from './words.ts'

type Ids = Readonly<Record<string, string>>

const PREFIX = 'ovsd_net.'

/** A network as it was found; `problem` says why its record cannot be used. */
export type RecordedNetwork =
  | { readonly name: string; readonly bridge: string; readonly spec: NetworkSpec }
  | { readonly name: string; readonly bridge: string; readonly problem: string }

/** The key under which a bridge records this network. */
export const networkKey = (name: string): string => `${PREFIX}${name}`

/** The pair that the Bridge row of a network gets. */
export function networkRecord({ name, ...rest }: NetworkWords): Ids {
  return { [networkKey(name)]: JSON.stringify({ ...rest, bridge: undefined }) }
}

/** The pair of a bridge that was made for a network: it goes with its last one. */
export const MADE_FOR_NETWORKS: Ids = { ovsd_made_for: 'net' }

/** Whether a bridge goes with the last of its networks. */
export const isMadeForNetworks = ({ externalIds }: BridgeRow): boolean =>
  Object.entries(MADE_FOR_NETWORKS).every(([key, value]) => externalIds[key] === value)

/** The networks that a bridge has records of. */
export function readNetworks({ name: bridge, externalIds }: BridgeRow): readonly RecordedNetwork[] {
  return Object.entries(externalIds).flatMap(([key, value]): readonly RecordedNetwork[] => {
    if (!key.startsWith(PREFIX)) return []
    const name = key.slice(PREFIX.length)
    const written = wordsIn(value)
    if (written === undefined) return [{ name, bridge, problem: 'its record is damaged' }]
    try {
      const spec = parseNetworkSpec({ ...written, name, bridge })
      return [{ name, bridge, spec }]
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      return [{ name, bridge, problem: `its record is damaged: ${error.message.replace(/\.$/, '')}` }]
    }
  })
}

function wordsIn(value: string): (Omit<NetworkWords, 'name'> & Readonly<Record<string, unknown>>) | undefined {
  try {
    const words = JSON.parse(value) as Readonly<Record<string, unknown>> | null
    if (words === null || typeof words !== 'object') return undefined
    const isText = (one: unknown): boolean => typeof one === 'string'
    const isList = (one: unknown): boolean => Array.isArray(one) && one.every(isText)
    const isFine =
      LISTS.every((key) => words[key] === undefined || isList(words[key])) &&
      TEXTS.every((key) => words[key] === undefined || isText(words[key]))
    return isFine ? words : undefined
  } catch {
    return undefined
  }
}
