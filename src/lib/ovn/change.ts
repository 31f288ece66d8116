// Changes of the northbound database (docs/decisions/0011): each is one transaction, which `ovsdb-client transact` makes, unless it is
// longer than an argument of a command may be.
import { setTimeout as pause } from 'node:timers/promises'
import { CommandFailed, OvsdError } from '../errors.ts'
import { DatabaseUnreachable, type Operation } from '../ovsdb/client.ts'
import type { Command } from '../system/command.ts'
import type { Runner } from '../system/runner.ts'
import { ChangeUnknown, type OvnDatabase } from './database.ts'
import { isRow, type Change } from '../ovsdb/operations.ts'
import { SIDES } from './remotes.ts'
import { tlsArguments, type TlsFiles } from './tls.ts'

/** The northbound database: where questions are asked, and what changes it. */
export interface Northbound {
  readonly run: Runner
  readonly database: OvnDatabase
  /** For `ssl:` remotes. */
  readonly tls?: TlsFiles | undefined
}

/** Somebody else was faster: what a change expected is not so any more. Nothing was changed; look again, and try again. */
export class Conflict extends OvsdError {
  constructor(details: string) {
    super('ChangedMeanwhile', `Somebody else changed the northbound database of OVN meanwhile (${details}).`, {
      next: 'Try again.',
    })
  }
}

/** How long one try may take, in seconds, before nobody knows what became of it. */
const TRY_S = 5
/** How long an election may take (database.ts); while there is no leader, ovsdb-client fails within 5 ms. */
const ELECTION_MS = 10_000
const AGAIN_MS = 100

const DATABASE = SIDES.northbound.database

/** The command that makes these changes, all of them or none. */
export const transaction = ({ database, tls }: Northbound, changes: readonly Change[]): Command => ({
  tool: 'ovsdb-client',
  args: [
    ...[`--timeout=${String(TRY_S)}`, ...(tls === undefined ? [] : tlsArguments(tls))],
    ...['transact', database.remotes.text, JSON.stringify([DATABASE, ...changes])],
  ],
  // Its own limit comes first: it knows better what it waited for.
  timeoutMs: (TRY_S + 1) * 1000,
})

/**
 * Makes these changes, all of them or none. While a cluster elects its leader it is tried again, for ten seconds. A try of which
 * nobody knows whether it came through is repeated: what it would have made has UUIDs, so it can be found. A change that makes
 * nothing must be harmless when it is repeated, or have a `wait` that then fails.
 * Errors: Conflict, ChangeRefused, DatabaseUnreachable, ToolMissing; CommandFailed, when nobody knows whether it was made.
 */
export async function change(nb: Northbound, changes: readonly Change[], signal: AbortSignal): Promise<void> {
  const end = performance.now() + ELECTION_MS
  const command = transaction(nb, changes)
  let unknown: OvsdError | undefined
  for (;;) {
    const tried = await (isArgument(command) ? attempt(nb, command, signal) : attemptOverSocket(nb, changes, signal))
    if (tried.kind === 'made') return
    if (tried.kind === 'unknown') unknown = tried.error
    if (tried.kind === 'refused') {
      if (unknown !== undefined && (await isMade(nb, changes))) return
      throw tried.error
    }
    signal.throwIfAborted()
    if (unknown !== undefined && (await isSeenMade(nb, changes))) return
    if (performance.now() > end || !(await mayComeBack(nb, tried.kind))) {
      if (tried.error instanceof DatabaseUnreachable) nb.database.patience?.failed(tried.error)
      // What to tell, when once nobody knew, is that.
      throw unknown ?? tried.error
    }
    await pause(AGAIN_MS, undefined, { signal })
  }
}

/** What became of one try. `unreachable` was not made, of `unknown` nobody knows. */
type Tried =
  { readonly kind: 'made' } | { readonly kind: 'refused' | 'unreachable' | 'unknown'; readonly error: OvsdError }

async function attempt(nb: Northbound, command: Command, signal: AbortSignal): Promise<Tried> {
  try {
    const { stdout } = await nb.run(command, signal)
    return judged(stdout, command)
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error
    // Connecting to several remotes it tells about each; the last line is why it ended.
    const why = (error.said.split('\n').at(-1) ?? '').replace(/^ovsdb-client: /, '')
    if (why.startsWith('transaction returned error: ')) return { kind: 'refused', error: refusal(why) }
    // "transaction failed" and its time limit come when the transaction was on its way.
    if (error.unknown || !/^(failed to connect|no servers were available)/.test(why)) return { kind: 'unknown', error }
    const unreachable = new DatabaseUnreachable(nb.database.remotes.text, why, error, DATABASE)
    return { kind: 'unreachable', error: unreachable }
  }
}

/** What Linux takes as one argument of a command, with the NUL at its end (execve(2), MAX_ARG_STRLEN). */
const ARGUMENT_BYTES = 128 * 1024

const isArgument = ({ args }: Command): boolean => args.every((one) => Buffer.byteLength(one) < ARGUMENT_BYTES)

/** The same over the connection that questions are asked over: a transaction that is too long for the command. */
async function attemptOverSocket(
  { database }: Northbound,
  changes: readonly Change[],
  signal: AbortSignal,
): Promise<Tried> {
  signal.throwIfAborted()
  try {
    return judgedResults((await database.transact(changes as unknown as readonly Operation[])) as Results)
  } catch (error) {
    if (error instanceof DatabaseUnreachable) return { kind: 'unreachable', error }
    if (error instanceof ChangeUnknown) return { kind: 'unknown', error }
    throw error
  }
}

interface OperationResult {
  readonly error?: string
  readonly details?: string
}
type Results = readonly (OperationResult | null)[]

/** ovsdb-client ends with 0 whatever the server answered; what could not be done is in the answer. */
function judged(stdout: string, { args }: Command): Tried {
  let results: Results
  try {
    results = JSON.parse(stdout) as Results
  } catch {
    const line = `ovsdb-client ${args.join(' ')}`
    return { kind: 'unknown', error: new CommandFailed(line, stdout.trim(), true, 'Not understood') }
  }
  return judgedResults(results)
}

function judgedResults(results: Results): Tried {
  const failed = results.find((result) => result?.error !== undefined)
  if (failed?.error === undefined) return { kind: 'made' }
  const { error, details = '' } = failed
  const words = `${error}: ${details}`
  // RFC 7047, 5.2.6: a wait that does not hold. An index of the schema (a name that somebody has) is the same to us.
  // So is a row that has been made (wanted-rows.ts).
  const isMade =
    error === 'duplicate uuid' || (error === 'constraint violation' && details.includes('identical values'))
  if (error === 'timed out' || isMade)
    return { kind: 'refused', error: new Conflict(error === 'timed out' ? 'it is not as it was read' : details) }
  // Of a cluster whose leader was lost in the midst of it (raft.c: "not leader", "lost leadership", "timeout").
  if (error === 'cluster error') return { kind: 'unknown', error: refusal(words) }
  return { kind: 'refused', error: refusal(words) }
}

const refusal = (words: string): OvsdError =>
  new OvsdError('ChangeRefused', `The northbound database of OVN refused a change: ${words}`, {
    next: 'See whether its schema is that of your version of OVN: ovsd ovn status',
  })

/** Whether what these changes make is there; false when they make nothing. */
async function isMade({ database }: Northbound, changes: readonly Change[]): Promise<boolean> {
  const made = changes.filter((one) => 'op' in one && one.op === 'insert')
  if (made.length === 0) return false
  const found = await database.select(
    made.map(({ table, uuid }) => ({ table, where: isRow(uuid), columns: ['_uuid'] })),
  )
  return found.every(({ length }) => length > 0)
}

/** The same; false when the database does not answer either. Waits for the election of a leader. */
async function isSeenMade(nb: Northbound, changes: readonly Change[]): Promise<boolean> {
  try {
    return await isMade(nb, changes)
  } catch (error) {
    if (error instanceof DatabaseUnreachable) return false
    throw error
  }
}

/** Whether it is worth trying again: in a cluster always; a server that is alone and away was not on its way to anything. */
async function mayComeBack({ database }: Northbound, kind: 'unreachable' | 'unknown'): Promise<boolean> {
  if (kind === 'unknown' || database.remotes.endpoints.length > 1) return true
  return (await database.members()).some(({ state }) => state === 'follower' || state === 'cut-off')
}

/** How long somebody else may be faster again and again. */
const FASTER_MS = 15_000
const JITTER_MS = 20

/**
 * Looks and changes, again and again, until nobody was faster. `work` gets the number of the try, from 0. Errors: Conflict, when
 * that takes longer than 15 s; those of `work`.
 */
export async function untilUndisturbed<T>(work: (tries: number) => Promise<T>, signal: AbortSignal): Promise<T> {
  const end = performance.now() + FASTER_MS
  for (let tries = 0; ; tries++) {
    try {
      return await work(tries)
    } catch (error) {
      if (!(error instanceof Conflict) || performance.now() > end) throw error
      await pause(Math.random() * JITTER_MS * 2 ** Math.min(tries, 4), undefined, { signal })
    }
  }
}
