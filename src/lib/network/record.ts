// A network is recorded among the external_ids of its bridge: it goes with the bridge, survives reboots, and needs no file.
// A stable interface, as the marks are (man/ovsd.8, "MARKS"). The words are kept and not what was made of them: whoever reads
// them checks them again, for anybody may have written them.
import { OvsdError } from '../errors.ts'
import type { BridgeRow } from '../ovs/rows.ts'
import { parseNetworkSpec, type NetworkSpec } from './spec.ts'
import { readRecord, recordText } from './record-text.ts'
import type { NetworkWords } from './words.ts'

type Ids = Readonly<Record<string, string>>

const PREFIX = 'ovsd_net.'

/** What Docker calls a network that it has made, and which engine it was that said so: known some time after its record. */
export interface Learnt {
  readonly title?: string
  readonly engine?: string
}

/** A network as it was found; `problem` says why its record cannot be used. */
export type RecordedNetwork = { readonly name: string; readonly bridge: string } & Learnt &
  ({ readonly spec: NetworkSpec } | { readonly problem: string })

/** The key under which a bridge records this network. */
export const networkKey = (name: string): string => `${PREFIX}${name}`

/**
 * The key under which a bridge has what Docker calls a network, beside the record: Docker says it only later, and the record is what
 * was asked for.
 */
export const titleKey = (name: string): string => `ovsd_title.${name}`

/** The key beside it for the id of the engine that said so: of no other one does it mean anything that it does not have a network. */
export const engineKey = (name: string): string => `ovsd_engine.${name}`

/** All that a Bridge row has of a network under its name. */
export const keysOf = (name: string): readonly string[] => [networkKey(name), titleKey(name), engineKey(name)]

/** The pair that the Bridge row of a network gets. */
export function networkRecord(words: NetworkWords): Ids {
  return { [networkKey(words.name)]: recordText(words) }
}

/** The pairs that it gets beside that, of what is known of it. */
export const learntPairs = (name: string, { title, engine }: Learnt): Ids => ({
  ...(title === undefined ? {} : { [titleKey(name)]: title }),
  ...(engine === undefined ? {} : { [engineKey(name)]: engine }),
})

/** The same of any texts: those that are there. */
export const learntOf = ({ title, engine }: { readonly [Key in keyof Learnt]: Learnt[Key] | undefined }): Learnt => ({
  ...(title === undefined ? {} : { title }),
  ...(engine === undefined ? {} : { engine }),
})

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
    const learnt = learntOf({ title: externalIds[titleKey(name)], engine: externalIds[engineKey(name)] })
    const found = { name, bridge, ...learnt }
    const written = readRecord(value)
    if (written === undefined) return [{ ...found, problem: 'its record is damaged' }]
    try {
      const spec = parseNetworkSpec({ ...written, name, bridge })
      return [{ ...found, spec }]
    } catch (error) {
      if (!(error instanceof OvsdError)) throw error
      return [{ ...found, problem: `its record is damaged: ${error.message.replace(/\.$/, '')}` }]
    }
  })
}
