import { DatabaseUnreachable, OvsdbClient } from '../ovsdb/client.ts'
import type { Endpoint } from '../ovsdb/endpoint.ts'
import type { Json } from '../ovsdb/values.ts'
import { differences, isNothing, type Changes } from './replica-changes.ts'
import { COPIED, Copy, type Updates } from './replica-copy.ts'

/** Hears what happens to a live copy, after it has happened to it, and before reads that see it go on. */
export interface ReplicaListener {
  /** Something was committed. Once for each message of the server, which may tell of several transactions. */
  changed?(changes: Changes): void
  /** The database does not answer. Once for each outage, also when it has not answered yet. */
  lost?(error: Error): void
  /** The copy is complete again. What changed meanwhile comes as `changed` after this. */
  back?(): void
}

/** The pause before the first attempt to connect again; it doubles with each that fails, up to the longest. */
const PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5_000

/** What is resolved already goes on before this ends: reads that waited for one thing ask the next one together. */
const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve))

/**
 * A copy of the database that the server keeps up to date, and a connection that comes back by itself. It begins with the
 * first use. Nothing passes over the connection while nothing changes and nobody asks.
 */
export class LiveCopy implements Disposable {
  readonly #endpoint: Endpoint
  readonly #client: OvsdbClient
  readonly #listeners = new Set<ReplicaListener>()
  #copy: Copy | undefined
  #isLive = false
  #isDisposed = false
  /** How many connections have ended. */
  #ends = 0
  /** Why the database does not answer, from the first that was seen of it. */
  #outage: Error | undefined
  /** Updates that came together with the answer that they follow on. */
  #early: Updates[] = []
  #connecting: Promise<void> | undefined
  #barrier: Promise<unknown> | undefined
  #retry: NodeJS.Timeout | undefined
  #pause = PAUSE_MS

  constructor(endpoint: Endpoint, database?: string) {
    this.#endpoint = endpoint
    this.#client = new OvsdbClient(endpoint, database, {
      notified: (method, params) => {
        if (method === 'update2') this.#update((params as readonly Json[])[1] as Updates)
      },
      ended: (error) => {
        this.#ends++
        if (this.#isLive) this.#lose(error)
      },
    })
  }

  /** `lost` as long as the database does not answer, `new` before it was asked. */
  get state(): 'new' | 'live' | 'lost' {
    return this.#isLive ? 'live' : this.#outage === undefined ? 'new' : 'lost'
  }

  /** Calls the listener from now on, until what is returned is disposed of. */
  listen(listener: ReplicaListener): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) }
  }

  /** Ends when the copy is complete. When it fails, attempts go on all the same. Errors: DatabaseUnreachable, DatabaseRefused. */
  connect(): Promise<void> {
    if (this.#isLive) return Promise.resolve()
    return (this.#connecting ??= this.#connect().finally(() => (this.#connecting = undefined)))
  }

  /**
   * The copy with everything in it that was committed before this was called. Connects at once when the connection is
   * lost. Errors: DatabaseUnreachable, DatabaseRefused.
   */
  async upToDate(): Promise<Copy> {
    await this.connect()
    await (this.#barrier ??= this.#passBarrier())
    if (this.#copy === undefined) throw this.#unreachable('closed')
    return this.#copy
  }

  /** ovsdb-server sends its updates before it reads a request: with the answer to an empty transaction they are all here. */
  async #passBarrier(): Promise<void> {
    await nextTick()
    // Who asks from here on asks about a later moment.
    this.#barrier = undefined
    if (!this.#isLive) throw this.#outage ?? this.#unreachable('closed')
    await this.#client.select([])
  }

  #unreachable(why: string): DatabaseUnreachable {
    return new DatabaseUnreachable(this.#endpoint.text, why)
  }

  async #connect(): Promise<void> {
    if (this.#isDisposed) throw this.#unreachable('closed')
    try {
      await this.#begin()
    } catch (error) {
      this.#lose(error as Error)
      throw error
    }
  }

  async #begin(): Promise<void> {
    const ends = this.#ends
    this.#early = []
    const tables = Object.entries(COPIED).map(([table, columns]) => [table, [{ columns }]])
    const [schema, initial] = await Promise.all([
      this.#client.request('get_schema'),
      this.#client.request('monitor_cond', ['ovsd', Object.fromEntries(tables)]),
    ])
    // Both answers may come together with the end of the connection.
    if (this.#ends !== ends) throw this.#unreachable('the connection was closed')
    if (!isObject(schema) || !isObject(initial)) throw this.#unreachable('what answers there does not speak OVSDB')
    const copy = new Copy(schema)
    for (const updates of [initial as Updates, ...this.#early]) copy.apply(updates)
    this.#goLive(copy)
  }

  #goLive(copy: Copy): void {
    const old = this.#copy
    this.#copy = copy
    this.#isLive = true
    this.#early = []
    this.#pause = PAUSE_MS
    clearTimeout(this.#retry)
    this.#retry = undefined
    if (this.#outage === undefined) return
    this.#outage = undefined
    this.#tell((listener) => listener.back?.())
    this.#tellChanges(differences(old, copy))
  }

  #update(updates: Updates): void {
    if (this.#isLive && this.#copy !== undefined) this.#tellChanges(this.#copy.apply(updates))
    else this.#early.push(updates)
  }

  #lose(error: Error): void {
    this.#isLive = false
    // It may be open still: a server that refuses to be copied does not hang up.
    this.#client.hangUp()
    if (this.#isDisposed) return
    if (this.#outage === undefined) this.#tell((listener) => listener.lost?.(error))
    this.#outage ??= error
    this.#retry ??= setTimeout(() => this.#tryAgain(), this.#pause * (0.5 + Math.random() / 2))
  }

  #tryAgain(): void {
    this.#retry = undefined
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS)
    this.connect().catch(() => undefined)
  }

  #tellChanges(changes: Changes): void {
    if (!isNothing(changes)) this.#tell((listener) => listener.changed?.(changes))
  }

  /** Not at once: what a listener throws must not stop the reading of what else has come. */
  #tell(what: (listener: ReplicaListener) => void): void {
    for (const listener of this.#listeners)
      process.nextTick(() => {
        if (this.#listeners.has(listener)) what(listener)
      })
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true
    this.#isLive = false
    clearTimeout(this.#retry)
    this.#listeners.clear()
    this.#client.hangUp()
  }
}

const isObject = (value: Json): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)
