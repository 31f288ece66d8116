import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../host.ts'
import { isOverdue, readPending, type Pending } from '../network/pending.ts'
import { bootTime } from '../system/boot-clock.ts'

/** Often enough that a watchdog nobody needs any more is soon gone, and its host notices nothing of it. */
const LOOK_MS = 1000
/** What could not be taken back is tried again after this long. */
const AGAIN_MS = 5000

/** What a watchdog watches, and what it does. */
export interface Watch {
  readonly bridge: string
  readonly name: string
  readonly id: string
  /** Opens the host anew for each look: the database may have been restarted meanwhile. */
  readonly open: () => Host
  /** Called once, when it is at its post. */
  readonly ready: () => void
  readonly takeBack: () => Promise<void>
}

/**
 * Waits until a network is confirmed or gone, or its time is over; then takes it back, as often as it takes. The time is read
 * each time, by a clock that nobody sets.
 */
export async function keepWatch({ bridge, name, id, open, ready, takeBack }: Watch): Promise<void> {
  let isReady = false
  for (;;) {
    const pending = await look(open, bridge, name, id)
    if (pending === undefined) return
    if (pending === 'unknown') {
      await pause(LOOK_MS)
      continue
    }
    if (!isReady) ready()
    isReady = true
    if (!isOverdue(pending)) {
      const leftMs = (pending.until.seconds - bootTime().seconds) * 1000
      await pause(Math.min(LOOK_MS, Math.max(0, leftMs)))
      continue
    }
    try {
      await takeBack()
    } catch {
      await pause(AGAIN_MS)
    }
  }
}

async function look(
  open: () => Host,
  bridge: string,
  name: string,
  id: string,
): Promise<Pending | 'unknown' | undefined> {
  try {
    using host = open()
    return readPending((await host.ovs.bridge(bridge))?.externalIds ?? {}, name, id)
  } catch {
    // The database is being restarted: it says later.
    return 'unknown'
  }
}
