import { OvsdError, TimedOut } from '../errors.ts'
import { unlessAborted } from '../run/session.ts'
import { takeLock, untilTaken, whyNotTaken, type Lock } from '../system/lock.ts'

/** Whoever waited has this long to take the lock that is free now, also where the processors are busy; one that is gone does not. */
const COURTESY_MS = 250

interface Held {
  readonly lock: Lock
  /** What each that shares it is at work with. */
  readonly users: Set<{ readonly what: string }>
  /** Its one user shares it with nobody. */
  isAlone: boolean
  readonly released: Promise<unknown>
}

/**
 * The host-wide lock, held once for all workers of this process that are at work at the same moment. When another process
 * waits for it, nobody joins any more: those at work finish, the other one has its turn, and then it is taken again. Each waits as long as its own signal
 * lets it, whoever it waits for, and hears who that was.
 */
export class SharedLock {
  #held: Held | undefined
  #taking: { readonly done: Promise<void>; readonly signal: AbortSignal } | undefined
  #release: (() => void) | undefined
  /** Somebody waited when it was last released: it is their turn. */
  #yields = false
  /** How many wait to have it alone: nobody else joins before them. */
  #loners = 0
  /** How many are about to have it. */
  #callers = 0

  /** Takes a share. Held until disposed; `what` says for what, to those who wait in vain. Errors: those of takeLock. */
  take(signal: AbortSignal, what = ''): Promise<Disposable> {
    return this.#take(
      signal,
      what,
      (held) => held.isAlone || this.#loners > 0 || (held.lock.wanted && held.users.size > 0),
    )
  }

  /** Takes all of it: no worker of this process is at work meanwhile. Held until disposed. Errors: those of takeLock. */
  async takeAlone(signal: AbortSignal, what = ''): Promise<Disposable> {
    this.#loners++
    try {
      const share = await this.#take(signal, what, (held) => held.users.size > 0)
      if (this.#held !== undefined) this.#held.isAlone = true
      return share
    } finally {
      this.#loners--
    }
  }

  async #take(signal: AbortSignal, what: string, hasToWait: (held: Held) => boolean): Promise<Disposable> {
    this.#callers++
    try {
      for (;;) {
        signal.throwIfAborted()
        const held = this.#held
        if (held === undefined) await this.#taken(signal)
        else if (hasToWait(held)) await unlessAborted(signal, held.released)
        else return this.#join(held, what)
      }
    } catch (error) {
      throw signal.aborted ? this.#whyNot(signal) : error
    } finally {
      this.#callers--
      this.#freeUnused()
    }
  }

  /** Whoever comes first waits for all. What keeps it from being taken is everybody's failure; that its time is over is its own. */
  async #taken(signal: AbortSignal): Promise<void> {
    const taking = (this.#taking ??= this.#begin(signal))
    try {
      await unlessAborted(signal, taking.done)
    } catch (error) {
      if (signal.aborted || !taking.signal.aborted) throw error
    }
  }

  #begin(signal: AbortSignal) {
    const done = this.#acquire(signal).finally(() => (this.#taking = undefined))
    // Those who wait may all have gone by then.
    done.catch(() => undefined)
    return { done, signal }
  }

  #join({ users }: Held, what: string): Disposable {
    const user = { what }
    users.add(user)
    return {
      [Symbol.dispose]: () => {
        if (users.delete(user) && users.size === 0) this.#free()
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
    this.#held = { lock, users: new Set(), isAlone: false, released: promise }
    this.#freeUnused()
  }

  /** Taken for somebody who does not want it any more, and nobody else does. */
  #freeUnused(): void {
    if (this.#callers === 0 && this.#held?.users.size === 0) this.#free()
  }

  #free(): void {
    const { lock } = this.#held ?? {}
    this.#held = undefined
    this.#yields = lock?.wanted === true
    lock?.release()
    this.#release?.()
  }

  /** A time limit that ran out says who was waited for; anything else is what it is. */
  #whyNot(signal: AbortSignal): unknown {
    const { reason } = signal as { reason: unknown }
    if (this.#held === undefined || !(reason instanceof TimedOut)) return whyNotTaken(signal)
    const work = new Set([...this.#held.users].map(({ what }) => what).filter((what) => what !== ''))
    const about = work.size === 0 ? '' : `: it was at work with ${[...work].slice(0, MOST_NAMED).join(', ')}`
    return new OvsdError('LockHeld', `This ovsd had other work on this host until the time was over${about}.`, {
      cause: reason,
      next: 'Repeat it; what takes so long is in the log of ovsd, and where that waits for Open vSwitch: /var/log/openvswitch/ovs-vswitchd.log',
    })
  }
}

/** Of a hundred containers some are enough. */
const MOST_NAMED = 3
