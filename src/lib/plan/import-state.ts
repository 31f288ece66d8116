import { Refused } from '../errors.ts'
import type { Host } from '../host.ts'
import { keptNetworks } from '../state/collect.ts'
import { compareNetworks } from '../state/compare.ts'
import type { Json } from '../state/canonical.ts'
import type { StateDocument } from '../state/document.ts'
import { networksOnRows, type KeptNetwork, type NetworkOnRow } from '../state/kept-network.ts'
import type { Store } from '../state/store.ts'
import { FutureBridges } from './future-bridges.ts'
import { attachmentsToImport, type ImportedAttachment } from './import-attachments.ts'
import { copiesToMake, type ImportedFile } from './import-copies.ts'
import { networksToImport, type ImportedNetwork } from './import-networks.ts'
import type { Prepared } from './prepared.ts'

/** What `state import` answers. */
export interface ImportedState {
  readonly networks: readonly ImportedNetwork[]
  readonly attachments: readonly ImportedAttachment[]
  readonly files: readonly ImportedFile[]
}

/**
 * Plans to put back what the database has lost: the networks of a document and its records of attachments, or, without a
 * document, the networks of the store. What is there stays, also when it is otherwise. Then the store gets a copy of every
 * network, as the database has it. `except` names networks that are left out. Errors: ImportConflict when something that is
 * missing cannot be put back; those of the database and of the store.
 */
export async function importState(
  host: Host,
  store: Store,
  document: StateDocument | undefined,
  except: readonly string[],
): Promise<Prepared<ImportedState>> {
  const copies = await keptNetworks(store)
  const isMeant = (network: unknown): boolean => typeof network !== 'string' || !except.includes(network)
  const future = new FutureBridges(host.ovs)
  const networks = await networksToImport(
    ...([host, future, (document?.networks ?? copies).filter(({ name }) => isMeant(name))] as const),
    document === undefined ? 'store' : 'document',
  )
  try {
    const attachments = await attachmentsToImport(
      ...([host, future] as const),
      (document?.attachments ?? []).filter(({ record }) => isMeant(networkIn(record))),
      networks.results.filter(({ status }) => status === 'differs').map(({ network }) => network),
    )
    refuseConflicts([...networks.problems, ...attachments.problems])
    const recorded = networksOnRows(await future.bridges())
    const files = await copiesToMake(store, currentCopies(copies, recorded), document?.entries ?? [])
    const stages = [...networks.stages, ...attachments.stages, ...files.stages].filter((steps) => steps.length > 0)
    future.begun()
    return {
      plan:
        stages.length === 0 ? undefined : { onFailure: 'unwind', title: 'Put back what the database has lost', stages },
      result: { networks: networks.results, attachments: attachments.results, files: files.results },
      [Symbol.dispose]: networks[Symbol.dispose],
    }
  } catch (error) {
    networks[Symbol.dispose]()
    throw error
  }
}

/** What the copies should be: what the database says, and where the copy is that there is already. */
const currentCopies = (copies: readonly KeptNetwork[], recorded: readonly NetworkOnRow[]): readonly KeptNetwork[] =>
  compareNetworks(copies, recorded).flatMap(({ standing, kept, recorded: row }) =>
    row?.kept === undefined || standing === 'replaced' ? [] : [{ ...row.kept, id: kept?.id ?? row.kept.id }],
  )

/** The network that the record of an attachment names; anybody may have written it. */
const networkIn = (record: Json): unknown => (record as { readonly network?: unknown } | null)?.network

function refuseConflicts(problems: readonly string[]): void {
  if (problems.length === 0) return
  const lines = problems.map((problem) => `\n  ${problem}`).join('')
  throw new Refused('ImportConflict', `Not everything that is missing can be put back:${lines}`, {
    next: 'Make room for it, or leave networks out: --except=NETWORK',
  })
}
