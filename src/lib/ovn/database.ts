import { setTimeout as pause } from 'node:timers/promises'
import { OvsdError } from '../errors.ts'
import { DatabaseUnreachable, OvsdbClient, type Operation, type RawRow } from '../ovsdb/client.ts'
import type { Patience } from '../ovsdb/patience.ts'
import type { Json } from '../ovsdb/values.ts'
import { askMember, takesChanges, type Member } from './member.ts'
import { SIDES, type Remotes, type Side } from './remotes.ts'

/** How long an election may take: 1.2 to 5 s were measured with the timers that ovn-ctl sets. */
const ELECTION_MS = 10_000
const AGAIN_MS = 200

/** A transaction was sent, and its answer never came. */
export class ChangeUnknown extends OvsdError {
  constructor(cause: DatabaseUnreachable) {
    super('CommandFailed', `${cause.message} Nobody knows whether the change was made.`, { cause })
  }
}

/**
 * Questions to a database of OVN. They go to the leader of a cluster, as everything that changes must be seen in what is read
 * next; while there is none, they wait for the election, up to ten seconds, or as long as a daemon has `patience`.
 */
export class OvnDatabase implements Disposable {
  readonly #side: Side
  readonly #remotes: Remotes
  /** To the leader; who asks while it is still being looked for gets the same one. */
  #client: Promise<OvsdbClient> | undefined
  /** Whether somebody may answer a moment later; a server that is alone and has hung up may just have been restarted. */
  #mayElect = true

  readonly patience: Patience | undefined

  constructor(side: Side, remotes: Remotes, patience?: Patience) {
    this.#side = side
    this.#remotes = remotes
    this.patience = patience
  }

  get remotes(): Remotes {
    return this.#remotes
  }

  /** Runs `select` operations, as of one moment. Errors: DatabaseUnreachable, DatabaseRefused. */
  async select(operations: readonly Operation[]): Promise<readonly (readonly RawRow[])[]> {
    return this.patience === undefined
      ? this.#ask(operations)
      : this.patience.ask(
          () => this.#ask(operations),
          (why) => {
            // Nothing more is heard over this connection.
            this.#hangUp()
            return this.#unreachable(why)
          },
        )
  }

  async #ask(operations: readonly Operation[]): Promise<readonly (readonly RawRow[])[]> {
    const end = performance.now() + ELECTION_MS
    for (;;) {
      const client = (this.#client ??= this.#leader())
      try {
        return await (await client).select(operations)
      } catch (error) {
        // Whoever was the leader may be another one now.
        if (this.#client === client) this.#hangUp()
        if (!(error instanceof DatabaseUnreachable) || !this.#mayElect || performance.now() > end) throw error
        await pause(AGAIN_MS)
      }
    }
  }

  /**
   * Runs operations of which some change something, as one transaction, once. Gives what the server answers to each. Errors:
   * DatabaseUnreachable, when nothing was sent; ChangeUnknown, when nobody knows whether it was made; DatabaseRefused.
   */
  async transact(operations: readonly Operation[]): Promise<readonly Json[]> {
    const asked = (this.#client ??= this.#leader())
    let client: OvsdbClient
    try {
      client = await asked
      // A connection that has been lost in the meantime is opened again here, where nothing is at stake.
      await client.select([])
    } catch (error) {
      if (this.#client === asked) this.#hangUp()
      throw error
    }
    try {
      const answer = await client.request('transact', operations)
      return Array.isArray(answer) ? (answer as readonly Json[]) : []
    } catch (error) {
      if (this.#client === asked) this.#hangUp()
      throw error instanceof DatabaseUnreachable ? new ChangeUnknown(error) : error
    }
  }

  #unreachable(why: string): DatabaseUnreachable {
    return new DatabaseUnreachable(this.#remotes.text, why, undefined, SIDES[this.#side].database)
  }

  async #leader(): Promise<OvsdbClient> {
    const members = await this.members()
    const { endpoint } = members.find(takesChanges) ?? this.#nobody(members)
    this.#mayElect = true
    return new OvsdbClient(endpoint, SIDES[this.#side].database)
  }

  /** What each server says of itself. */
  async members(): Promise<readonly Member[]> {
    const { database } = SIDES[this.#side]
    return Promise.all(this.#remotes.endpoints.map((endpoint) => askMember(endpoint, database)))
  }

  #nobody(members: readonly Member[]): never {
    const why = members
      .map(({ endpoint, state, why }) => (members.length === 1 ? why || state : `${endpoint.text}: ${why || state}`))
      .join('; ')
    this.#mayElect = members.length > 1 || members.some(({ state }) => state === 'follower' || state === 'cut-off')
    throw this.#unreachable(why)
  }

  #hangUp(): void {
    const client = this.#client
    this.#client = undefined
    // One that was not found has nothing to be closed; who asked for it hears why.
    client?.then((one) => one[Symbol.dispose]()).catch(() => undefined)
  }

  [Symbol.dispose](): void {
    this.#hangUp()
  }
}
