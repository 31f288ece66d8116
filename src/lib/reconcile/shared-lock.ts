import { setTimeout as pause } from 'node:timers/promises'
import { takeLock, type Lock } from '../system/lock.ts'

/** Enough for whoever waited to see that the lock is free, and to take it. */
const COURTESY_MS = 25

/**
 * The host-wide lock, held once for all workers of this process that are at work at the same moment. When another process
 * waits for it, nobody joins any more: those at work finish, the other one has its turn, and then it is taken again.
 */
export class SharedLock {
  #held: { readonly lock: Lock; users: number; readonly released: Promise<unknown> } | undefined
  #taking: Promise<void> | undefined
  #release: (() => void) | undefined
  /** Somebody waited when it was last released: it is their turn. */
  #yields = false

  /** Takes a share. Held until disposed. Errors: those of takeLock. */
  async take(signal: AbortSignal): Promise<Disposable> {
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
      } else if (held.lock.wanted && held.users > 0) await held.released
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
    if (this.#yields) await pause(COURTESY_MS)
    this.#yields = false
    const lock = await takeLock(signal)
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.#release = () => {
      resolve(undefined)
    }
    this.#held = { lock, users: 0, released: promise }
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
