import type { Socket } from 'node:net'
import { BE_ROOT, isForbidden, OvsdError } from '../errors.ts'
import { answerLimit } from '../system/answer-limit.ts'
import { dial, type Endpoint } from './endpoint.ts'
import { MessageSplitter } from './message-splitter.ts'
import type { Json } from './values.ts'

/** One operation of a transaction, RFC 7047 section 5.2. Changes go through the tools, but for those of a daemon (docs/decisions/0018). */
export type Operation = Readonly<Record<string, Json>>
export type RawRow = Readonly<Record<string, Json>>
interface OperationResult {
  readonly rows?: readonly RawRow[]
  readonly error?: string
  readonly details?: string
}

/** The database does not answer: not running, or not answering in time. */
export class DatabaseUnreachable extends OvsdError {
  /** In a few words, for where the endpoint is said already. */
  readonly why: string
  constructor(endpoint: string, why: string, cause?: unknown, database = OPEN_VSWITCH) {
    const { title, start } = wordsOf(database)
    super(
      database === OPEN_VSWITCH ? 'DatabaseUnreachable' : 'CentralUnreachable',
      `The ${title} does not answer at ${endpoint} (${why}).`,
      {
        cause,
        next: isForbidden(cause) ? BE_ROOT : start,
      },
    )
    this.why = why
  }
}

/** What OpenSSL says comes with places in its source around it, and a line end; an alert is what the other end says (RFC 8446, 6). */
function wordsOfError(error: Error & { readonly reason?: string }): string {
  const { message, reason } = error
  const alert = /alert (?:number \d+ )?(.+)$/.exec(reason ?? '')?.[1]
  return alert === undefined ? (reason ?? message) : `it refuses this host: ${alert}`
}

/** The name of the database that every host has (ovs-vswitchd.conf.db(5)). */
const OPEN_VSWITCH = 'Open_vSwitch'

/** What people call a database, and what to do when it does not answer. */
function wordsOf(database: string): { readonly title: string; readonly start: string } {
  const central = 'See which part of OVN is missing: ovsd ovn status'
  switch (database) {
    case 'OVN_Northbound':
      return { title: 'northbound database of OVN', start: central }
    case 'OVN_Southbound':
      return { title: 'southbound database of OVN', start: central }
    default:
      return {
        title: 'Open vSwitch database',
        start: 'Start it (systemctl start openvswitch-switch), or name another one with --db.',
      }
  }
}

/** Hears what a connection says of its own accord. */
export interface ConnectionListener {
  /** A notification of the server, in its place among the answers: what it says was so before the next answer. */
  notified(method: string, params: Json): void
  /** The connection has ended. What was asked over it has failed with this error; the next question opens another one. */
  ended(error: DatabaseUnreachable): void
}

/**
 * One connection to ovsdb-server, opened at the first request. Reading over the socket takes under a millisecond at
 * any size of the database, while `ovs-vsctl find` needs a process and downloads the table (docs/decisions/0003).
 */
export class OvsdbClient implements Disposable {
  readonly #endpoint: Endpoint
  readonly #database: string
  readonly #listener: ConnectionListener | undefined
  #socket: Socket | undefined
  #next = 0
  readonly #waiting = new Map<number, { resolve: (result: Json) => void; reject: (error: Error) => void }>()

  constructor(endpoint: Endpoint, database = OPEN_VSWITCH, listener?: ConnectionListener) {
    this.#endpoint = endpoint
    this.#database = database
    this.#listener = listener
  }

  /** Runs `select` operations in one transaction and returns the rows of each. Errors: DatabaseUnreachable, DatabaseRefused. */
  async select(operations: readonly Operation[]): Promise<readonly (readonly RawRow[])[]> {
    const selects = operations.map((operation) => ({ op: 'select', ...operation }))
    const answer = await this.request('transact', selects)
    if (!Array.isArray(answer)) throw this.#unreachable('what answers there does not speak OVSDB')
    const results = answer as unknown as readonly (OperationResult | null)[]
    return results.map((result) => {
      if (result?.error !== undefined)
        throw new OvsdError(
          'DatabaseRefused',
          `The ${wordsOf(this.#database).title} refused to answer: ${result.error} ${result.details ?? ''}`,
        )
      return result?.rows ?? []
    })
  }

  /** Asks something about the database, whose name comes first of the parameters. Errors: DatabaseUnreachable, DatabaseRefused. */
  async request(method: string, more: readonly Json[] = []): Promise<Json> {
    return this.requestAbout(this.#database, method, more)
  }

  /** Asks something about what has a name of its own, a lock for one (RFC 7047, 4.1.8). Errors: as of `request`. */
  async requestAbout(name: string, method: string, more: readonly Json[] = []): Promise<Json> {
    const params = [name, ...more]
    const socket = (this.#socket ??= this.#open())
    const id = this.#next++
    const { promise, resolve, reject } = Promise.withResolvers<Json>()
    this.#waiting.set(id, { resolve, reject })
    using _limit = answerLimit((why) => {
      this.#fail(why)
    })
    socket.write(JSON.stringify({ method, params, id }))
    return await promise
  }

  #open(): Socket {
    const socket = dial(this.#endpoint)
    const splitter = new MessageSplitter()
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      for (const text of splitter.push(chunk)) this.#receive(socket, text)
    })
    // A connection that was given up goes on to say that it ends; that is no news about the one that replaced it.
    const fail = (why: string, cause?: unknown): void => {
      if (this.#socket === socket) this.#fail(why, cause)
    }
    socket.on('error', (error) => {
      fail(wordsOfError(error), error)
    })
    socket.on('close', () => {
      fail('the connection was closed')
    })
    return socket
  }

  #receive(socket: Socket, text: string): void {
    // What came together with the end of a connection is no news about the one that replaced it.
    if (this.#socket !== socket) return
    const message = parseMessage(text)
    if (message === undefined) {
      this.#fail('what answers there does not speak OVSDB')
      return
    }
    // The server probes an idle connection and drops it when the echo does not come back (RFC 7047, section 4.1.11).
    if (message.method === 'echo') socket.write(JSON.stringify({ id: message.id, result: message.params, error: null }))
    else if (message.method !== undefined) this.#listener?.notified(message.method, message.params ?? null)
    const waiting = this.#waiting.get(Number(message.id))
    if (waiting === undefined || message.method !== undefined) return
    this.#waiting.delete(Number(message.id))
    if (message.error === null || message.error === undefined) waiting.resolve(message.result ?? null)
    else
      waiting.reject(
        new OvsdError(
          'DatabaseRefused',
          `The ${wordsOf(this.#database).title} refused: ${JSON.stringify(message.error)}`,
        ),
      )
  }

  #fail(why: string, cause?: unknown): void {
    const hadSocket = this.#socket !== undefined
    this.#socket?.destroy()
    this.#socket = undefined
    for (const { reject } of this.#waiting.values()) reject(this.#unreachable(why, cause))
    this.#waiting.clear()
    if (hadSocket) this.#listener?.ended(this.#unreachable(why, cause))
  }

  #unreachable(why: string, cause?: unknown): DatabaseUnreachable {
    return new DatabaseUnreachable(this.#endpoint.text, why, cause, this.#database)
  }

  /** Ends the connection, if there is one; the next question opens another. */
  hangUp(): void {
    this.#fail('closed')
  }

  [Symbol.dispose](): void {
    this.hangUp()
  }
}

interface Message {
  readonly id: Json
  readonly method?: string
  readonly params?: Json
  readonly result?: Json
  readonly error?: Json
}

/** Undefined for what is no JSON object. */
function parseMessage(text: string): Message | undefined {
  try {
    const message = JSON.parse(text) as Message | readonly Json[] | null
    return message === null || Array.isArray(message) ? undefined : (message as Message)
  } catch {
    return undefined
  }
}
