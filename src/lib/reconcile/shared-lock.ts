import { takeLock, untilTaken, type Lock } from '../system/lock.ts'

/** Whoever waited has this long to take the lock that is free now, also where the processors are busy; one that is gone does not. */
const COURTESY_MS = 250

interface Held {
  readonly lock: Lock
  users: number
  /** Its one user shares it with nobody. */
  isAlone: boolean
  readonly released: Promise<unknown>
}

/**
 * The host-wide lock, held once for all workers of this process that are at work at the same moment. When another process
 * waits for it, nobody joins any more: those at work finish, the other one has its turn, and then it is taken again.
 */
export class SharedLock {
  #held: Held | undefined
  #taking: Promise<void> | undefined
  #release: (() => void) | undefined
  /** Somebody waited when it was last released: it is their turn. */
  #yields = false
  /** How many wait to have it alone: nobody else joins before them. */
  #loners = 0

  /** Takes a share. Held until disposed. Errors: those of takeLock. */
  take(signal: AbortSignal): Promise<Disposable> {
    return this.#take(signal, (held) => held.isAlone || this.#loners > 0 || (held.lock.wanted && held.users > 0))
  }

  /** Takes all of it: no worker of this process is at work meanwhile. Held until disposed. Errors: those of takeLock. */
  async takeAlone(signal: AbortSignal): Promise<Disposable> {
    this.#loners++
    try {
      const share = await this.#take(signal, (held) => held.users > 0)
      if (this.#held !== undefined) this.#held.isAlone = true
      return share
    } finally {
      this.#loners--
    }
  }

  async #take(signal: AbortSignal, hasToWait: (held: Held) => boolean): Promise<Disposable> {
    for (;;) {
      if (signal.aborted) {
        // Taken for this caller alone, who does not want it any more.
        if (this.#held?.users === 0) this.#free()
        throw signal.reason as Error
      }
      const held = this.#held
      if (held === undefined) {
        // Whoever comes first waits for all; its failure is everybody's.
        this.#taking ??= this.#acquire(signal).finally(() => (this.#taking = undefined))
        await this.#taking
      } else if (hasToWait(held)) await held.released
      else return this.#join(held)
    }
  }

  #join(held: { users: number }): Disposable {
    held.users++
    let isMine = true
    return {
      [Symbol.dispose]: () => {
        if (isMine) this.#leave()
        isMine = false
      },
    }
  }

  async #acquire(signal: AbortSignal): Promise<void> {
    if (this.#yields) await untilTaken(COURTESY_MS)
    this.#yields = false
    const lock = await takeLock(signal)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#release = () => {
      resolve(undefined)
    }
    this.#held = { lock, users: 0, isAlone: false, released: promise }
  }

  #leave(): void {
    if (this.#held !== undefined && --this.#held.users === 0) this.#free()
  }

  #free(): void {
    const { lock } = this.#held ?? {}
    this.#held = undefined
    this.#yields = lock?.wanted === true
    lock?.release()
    this.#release?.()
  }
}
