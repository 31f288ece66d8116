// Work for a queue, step by step.
import { strict as assert } from 'node:assert'
import { WorkQueue, type Occasion, type QueueOptions } from '../../src/lib/reconcile/queue.ts'

export const BACKOFF = { firstMs: 1000, mostMs: 8000 }
export const occasion = (thorough: boolean, since: number): Occasion => ({ thorough, since })
export const LIGHT = occasion(false, 0)

/** Everything that is resolved already goes on. */
export const settle = () => new Promise((resolve) => setImmediate(resolve))

/** A queue whose work ends when the test says so. */
export class Bench {
  /** `KEY` when one begins, in order. */
  readonly begun: string[] = []
  readonly occasions: Occasion[] = []
  readonly failures: (readonly [string, string, number | undefined])[] = []
  readonly #under = new Map<string, PromiseWithResolvers<undefined>>()
  most = 0
  readonly queue: WorkQueue

  constructor(options: Partial<QueueOptions> = {}) {
    this.queue = new WorkQueue({
      work: async (key, why) => {
        assert.ok(!this.#under.has(key), `two workers for ${key}`)
        this.begun.push(key)
        this.occasions.push(why)
        const done = Promise.withResolvers<undefined>()
        this.#under.set(key, done)
        this.most = Math.max(this.most, this.#under.size)
        try {
          await done.promise
        } finally {
          this.#under.delete(key)
        }
      },
      failed: (key, error, retryMs) => this.failures.push([key, (error as Error).message, retryMs]),
      atOnce: 100,
      backoff: BACKOFF,
      retries: true,
      ...options,
    })
  }

  get running(): readonly string[] {
    return [...this.#under.keys()]
  }

  async finish(key: string): Promise<void> {
    ;(this.#under.get(key) ?? assert.fail(`${key} is not being worked on`)).resolve(undefined)
    await settle()
  }

  async fail(key: string, why = 'broken'): Promise<void> {
    ;(this.#under.get(key) ?? assert.fail(`${key} is not being worked on`)).reject(new Error(why))
    await settle()
  }
}

/** Whether a promise has been resolved by now. */
export async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(() => (done = true))
  await settle()
  return done
}
