import { CommandFailed } from '../errors.ts'
import { OvsdbClient, type Operation } from '../ovsdb/client.ts'
import type { Endpoint } from '../ovsdb/endpoint.ts'
import { mutate, type Change } from '../ovsdb/operations.ts'
import type { TableUpdate } from '../ovsdb/table-copy.ts'
import type { Json } from '../ovsdb/values.ts'
import { shellLine } from '../system/command.ts'
import type { Transaction } from './transaction.ts'

/** What the server answers to one operation. */
interface Result {
  readonly error?: string
  readonly details?: string
  readonly rows?: readonly Readonly<Record<string, Json>>[]
}

interface Waiter {
  readonly number: number
  readonly settle: (failure?: string) => void
}

/** As ovs-vsctl does it: who counts `next_cfg` up is answered when ovs-vswitchd has brought `cur_cfg` there (ovs-vswitchd.conf.db(5)). */
const COUNT: readonly Operation[] = [
  { ...mutate('Open_vSwitch', [], ['next_cfg', '+=', 1]) },
  { op: 'select', table: 'Open_vSwitch', where: [], columns: ['next_cfg'] },
]

/**
 * Makes transactions of ovs-vsctl over a connection of its own, which stays open: each costs under a millisecond, and ovs-vswitchd's
 * part of it. It is opened by the first one, and again after it was lost.
 */
export class Committer implements Disposable {
  readonly #client: OvsdbClient
  readonly #waiters = new Set<Waiter>()
  #following: Promise<void> | undefined
  #applied = 0

  constructor(endpoint: Endpoint) {
    this.#client = new OvsdbClient(endpoint, undefined, {
      notified: (method, params) => {
        if (method === 'update2') this.#hear((params as readonly Json[])[1])
      },
      ended: ({ why }) => {
        this.#following = undefined
        this.#tell(`The database went away: ${why}`)
      },
    })
  }

  /**
   * Makes one, and waits for ovs-vswitchd as the command would. A caller that stops is rejected with the reason of its signal, and
   * never while nobody knows whether the database has it. Errors: DatabaseUnreachable; CommandFailed, `unknown` when the database has it
   * and ovs-vswitchd did not say that it has done it.
   */
  async commit(transaction: Transaction, signal?: AbortSignal): Promise<void> {
    const { waitSeconds, args } = transaction
    const changes = transaction.changes()
    signal?.throwIfAborted()
    await (this.#following ??= this.#follow())
    const results = (await this.#client.request('transact', [
      ...operations(changes),
      { op: 'comment', comment: `ovsd: ${args.join(' ')}` },
      ...(waitSeconds === 0 ? [] : COUNT),
    ])) as readonly (Result | null)[]
    const failed = results.findIndex((result) => result?.error !== undefined)
    if (failed !== -1)
      throw new CommandFailed(shellLine(transaction), words(results[failed], changes[failed]), false, 'Failed')
    signal?.throwIfAborted()
    if (waitSeconds === 0) return
    const failure = await this.#isApplied(Number(results.at(-1)?.rows?.[0]?.['next_cfg']), waitSeconds, signal)
    if (failure !== undefined) throw new CommandFailed(shellLine(transaction), failure, true, 'Not finished')
  }

  async #follow(): Promise<void> {
    try {
      this.#applied = 0
      this.#hear(
        await this.#client.request('monitor_cond', ['ovsd-applied', { Open_vSwitch: [{ columns: ['cur_cfg'] }] }]),
      )
    } catch (error) {
      this.#following = undefined
      throw error
    }
  }

  #hear(updates: Json | undefined): void {
    const { Open_vSwitch: rows = {} } = (updates ?? {}) as { readonly Open_vSwitch?: TableUpdate }
    for (const { initial, insert, modify } of Object.values(rows)) {
      const number = (initial ?? insert ?? modify)?.['cur_cfg']
      if (typeof number === 'number') this.#applied = number
    }
    for (const waiter of this.#waiters) if (waiter.number <= this.#applied) waiter.settle()
  }

  #tell(failure: string): void {
    for (const waiter of this.#waiters) waiter.settle(failure)
  }

  /** Gives why it is not known to be. Error: the reason of the signal. */
  async #isApplied(number: number, seconds: number, signal: AbortSignal | undefined): Promise<string | undefined> {
    if (number <= this.#applied) return undefined
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
    const waiter = { number, settle: resolve }
    const late = setTimeout(() => {
      resolve(`ovs-vswitchd has not done it within ${String(seconds)} s`)
    }, seconds * 1000)
    const stop = (): void => {
      reject(signal?.reason as Error)
    }
    signal?.addEventListener('abort', stop, { once: true })
    this.#waiters.add(waiter)
    try {
      return await promise
    } finally {
      this.#waiters.delete(waiter)
      signal?.removeEventListener('abort', stop)
      clearTimeout(late)
    }
  }

  [Symbol.dispose](): void {
    this.#client.hangUp()
  }
}

const operations = (changes: readonly Change[]): readonly Operation[] => changes as unknown as readonly Operation[]

/** Why a transaction was refused; of a row that is missing, which is found by its name, in the words of ovs-vsctl. */
function words(result: Result | null | undefined, change: Change | undefined): string {
  if (change?.op === 'wait') return `no row ${JSON.stringify(change.where[0]?.[2])} in table ${change.table}`
  return `${result?.error ?? ''}: ${result?.details ?? ''}`
}
