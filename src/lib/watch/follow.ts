import { setTimeout as pause } from 'node:timers/promises'
import type { DockerEndpoint } from '../docker/endpoint.ts'
import type { EngineEvent } from '../docker/event.ts'
import { followEvents } from '../docker/events.ts'
import { CONNECTION_BACKOFF, pauseMs } from '../reconcile/backoff.ts'

/** Hears of the engine's events, and of the connection that brings them. */
export interface Follower {
  /** Subscribed: whoever lists the containers now misses nothing. */
  opened(): void
  event(event: EngineEvent): void
  /** The stream ended, or could not be opened; once for each try. The next one follows after `retryMs`. */
  lost(error: unknown, retryMs: number): void
}

/** A stream that lived so long was a good one: the next try comes at once. */
const GOOD_MS = 10_000
/** Where streams are opened, and end soon, pauses grow no further than this: what happens in a pause has to wait. */
const MOST_TRIES = 3

/** Asked anew: it may have been given meanwhile. */
const isOver = ({ aborted }: AbortSignal): boolean => aborted

/** Follows the engine's events until `signal` is given, over all ends of the stream. Never rejects. */
export async function follow(endpoint: DockerEndpoint, follower: Follower, signal: AbortSignal): Promise<void> {
  for (let tries = 1; !signal.aborted; tries++) {
    const begun = performance.now()
    let isOpen = false
    try {
      const events = await followEvents(endpoint, signal)
      isOpen = true
      follower.opened()
      for await (const event of events) follower.event(event)
    } catch (error) {
      if (isOver(signal)) return
      if (isOpen) tries = performance.now() - begun > GOOD_MS ? 1 : Math.min(tries, MOST_TRIES)
      const ms = pauseMs(CONNECTION_BACKOFF, tries, Math.random)
      follower.lost(error, ms)
      await pause(ms, undefined, { signal, ref: true }).catch(() => undefined)
    }
  }
}
