import { shortId } from '../docker/container.ts'
import type { Host } from '../host.ts'
import { inTurn } from '../system/turns.ts'
import type { Prepared } from '../plan/prepared.ts'
import type { SharedLock } from '../reconcile/shared-lock.ts'
import { nobody } from '../run/observer.ts'
import { performLocked } from '../run/session.ts'

/** Runs plans for calls, each in turn with the others about the same network or endpoint. */
export class Work {
  readonly #host: Host
  readonly #lock: SharedLock

  constructor(host: Host, lock: SharedLock) {
    this.#host = host
    this.#lock = lock
  }

  /** Carries out what is planned for an endpoint: beside other endpoints, and never beside a network. Errors: those of the plan. */
  endpoint<T extends object>(id: string, signal: AbortSignal, prepare: () => Promise<Prepared<T>>): Promise<T> {
    return this.#inTurn(id, signal, () => this.#lock.take(signal, `endpoint ${shortId(id)}`), prepare)
  }

  /** Carries out what is planned for a network: alone, as plans of networks depend on each other. Errors: those of the plan. */
  network<T extends object>(id: string, signal: AbortSignal, prepare: () => Promise<Prepared<T>>): Promise<T> {
    return this.#inTurn(id, signal, () => this.#lock.takeAlone(signal, `network ${shortId(id)}`), prepare)
  }

  #inTurn<T extends object>(
    id: string,
    signal: AbortSignal,
    take: () => Promise<Disposable>,
    prepare: () => Promise<Prepared<T>>,
  ): Promise<T> {
    return inTurn(this, id, async () => {
      signal.throwIfAborted()
      using _share = await take()
      const session = { host: this.#host, signal, observer: nobody, dryRun: false }
      // What is not a dry run gives the result itself.
      return (await performLocked(session, prepare)) as T
    })
  }
}
