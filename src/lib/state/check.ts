import { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Json } from './canonical.ts'
import { compareNetworks, type Compared, type Standing } from './compare.ts'
import { inspectStore, type FileReport, type FileState } from './inspect.ts'
import { networksOnRows, readKept, stateNameOf, type KeptNetwork, type NetworkOnRow } from './kept-network.ts'
import { movingAside } from './problems.ts'
import { quoteWord } from './quote.ts'
import type { Store } from './store.ts'

/** What a line of `state check` says of a file or a network. */
export type FindingState = FileState | Standing | 'orphan' | 'unreachable'

/** A line of `state check`; null where it does not apply. */
export interface StateFinding {
  /** Path within the store. */
  readonly file: string | null
  readonly network: string | null
  readonly state: FindingState
  readonly message: string | null
  /** What to type. */
  readonly next: string | null
  /** Whether something should be done about it. */
  readonly wrong: boolean
}

/** What `state check` answers. */
export interface StateCheck {
  readonly folder: string
  /** Whether there is a store: the first that is kept makes it. */
  readonly exists: boolean
  readonly findings: readonly StateFinding[]
}

const FINE: readonly FindingState[] = ['ok', 'backup', 'unfinished', 'stray']

/**
 * Looks at every file of the store, and beside it at the database. Changes nothing. Errors: those of the database, unless
 * there is something to tell without it.
 */
export async function checkState(host: Host, store: Store): Promise<StateCheck> {
  const files = await inspectStore(store)
  const reports = (files ?? []).map((one) => ({ ...one, kept: keptIn(one) }))
  const copies = reports.flatMap(({ kept }) => (typeof kept === 'object' ? kept : []))
  const looked = await recordedNetworks(host)
  const recorded = looked instanceof OvsdError ? [] : looked
  const compared = looked instanceof OvsdError ? [] : compareNetworks(copies, recorded)
  const known = new Set([...copies, ...recorded.flatMap(({ kept }) => kept ?? [])].map(({ id }) => id))
  const findings: readonly StateFinding[] = [
    ...reports.flatMap((one) => aboutFile(store, one, compared, known)),
    ...compared.filter(({ standing }) => standing === 'unkept').map((one) => aboutNetwork(store, one, null)),
    ...(looked instanceof OvsdError ? [unreachable(looked)] : []),
  ]
  if (looked instanceof OvsdError && findings.filter(({ wrong }) => wrong).length === 1) throw looked
  return { folder: store.settings.folder, exists: files !== undefined, findings }
}

async function recordedNetworks(host: Host): Promise<readonly NetworkOnRow[] | OvsdError> {
  try {
    return networksOnRows(await host.ovs.bridges())
  } catch (error) {
    if (error instanceof OvsdError) return error
    throw error
  }
}

type Report = FileReport & { readonly kept: KeptNetwork | string | undefined }

/** The network that a file holds; a text that says why it holds none; undefined for files of other kinds. */
const keptIn = ({ name, found }: FileReport): KeptNetwork | string | undefined =>
  name?.kind === 'networks' && found !== undefined ? readKept(name.id, found.content) : undefined

function aboutFile(
  store: Store,
  { file, name, state, why, next, found, kept }: Report,
  compared: readonly Compared[],
  known: ReadonlySet<string>,
): readonly StateFinding[] {
  const own = finding(state, { file, network: nameIn(kept), message: why, next })
  if (name === undefined || found === undefined) return [own]
  const more = (): StateFinding | undefined => {
    if (typeof kept === 'string')
      return finding('damaged', { file, message: kept, next: movingAside(store.pathOf(name)) })
    const standing = compared.find((one) => one.kept === kept && kept !== undefined)
    if (standing !== undefined) return standing.standing === 'ok' ? undefined : aboutNetwork(store, standing, file)
    const network = networkIn(name.id, name.kind, found.content)
    if (network === undefined || known.has(network)) return undefined
    const word = quoteWord(store.pathOf(name))
    return finding('orphan', { file, message: `its network ${network} is gone`, next: `Remove it: rm ${word}` })
  }
  const about = more()
  return about === undefined ? [own] : state === 'ok' ? [about] : [own, about]
}

const nameIn = (kept: KeptNetwork | string | undefined): string | undefined =>
  typeof kept === 'object' ? kept.name : undefined

/** The id of the network that a file belongs to: an endpoint says it, a pool has it as its name. */
function networkIn(id: string, kind: string, content: Json): string | undefined {
  if (kind === 'ipam') return id
  if (kind !== 'endpoints') return undefined
  const { network } = (content ?? {}) as Readonly<Record<string, Json>>
  return typeof network === 'string' ? network : undefined
}

const IMPORT = 'ovsd state import'

function aboutNetwork(store: Store, { standing, kept, recorded }: Compared, file: string | null): StateFinding {
  const network = kept?.name ?? recorded?.name ?? ''
  const bridge = recorded?.bridge ?? ''
  const forget = kept === undefined ? '' : `rm ${quoteWord(store.pathOf(stateNameOf(kept)))}`
  const say = (message: string, next: string): StateFinding => finding(standing, { file, network, message, next })
  switch (standing) {
    case 'ok':
      return finding('ok', { file, network })
    case 'differs':
      return say('the database has other settings, which count', `Take them over: ${IMPORT}`)
    case 'missing':
      return say('the database has no such network', `Put it back: ${IMPORT}; or forget it: ${forget}`)
    case 'replaced':
      return say('the database has another network of that name', `Forget the one that was: ${forget}`)
    case 'unusable':
      return say(
        `${recorded?.problem ?? 'its record is damaged'}; it is on ${bridge}`,
        `Remove the record: ovs-vsctl remove Bridge ${quoteWord(bridge)} external_ids ${quoteWord(`ovsd_net.${network}`)}; then: ${IMPORT}`,
      )
    case 'unkept':
      return say('the store has no copy of it', `Make one: ${IMPORT}`)
  }
}

const unreachable = ({ message, next }: OvsdError): StateFinding =>
  finding('unreachable', { message: `nothing was compared with the database: ${message}`, next })

function finding(
  state: FindingState,
  {
    file,
    network,
    message,
    next,
  }: {
    readonly file?: string | null
    readonly network?: string | undefined
    readonly message?: string | undefined
    readonly next?: string | undefined
  },
): StateFinding {
  return {
    ...{ file: file ?? null, network: network ?? null, state, message: message ?? null, next: next ?? null },
    wrong: !FINE.includes(state),
  }
}
