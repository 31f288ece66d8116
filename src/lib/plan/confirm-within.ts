import type { Host } from '../host.ts'
import {
  describePending,
  isGuarded,
  pendingFor,
  pendingPair,
  secondsLeft,
  watchdogOf,
  type Pending,
  type PendingResult,
} from '../network/pending.ts'
import type { ReversibleStep, Stages } from './step.ts'
import { watchdogStart, type Watched } from './steps/watchdog-start.ts'

/** That a network is to be taken back unless somebody confirms it. */
export interface ConfirmWithin {
  readonly seconds: number
  /** How this program is started to be the watchdog; the bridge, name and id of the network follow. */
  readonly watchdog: readonly string[]
  /** The folder of the store, when it is not the one that everybody uses: who takes the network back later has to know. */
  readonly folder?: string | undefined
}

/** What goes with the record of such a network. */
export interface Guard {
  readonly pairs: Readonly<Record<string, string>>
  /** Run before anything else of the network is made: what is made may end the session that it is made from. */
  readonly stages: Stages<ReversibleStep>
  readonly pending: PendingResult | null
}

/**
 * Has a network wait to be confirmed, if that was asked for. `before`: it does so already, and goes on with the time that it
 * has; of its watchdog, another one takes the place if it is gone.
 */
export function guard(host: Host, network: Watched, confirm: ConfirmWithin | undefined, before?: Pending): Guard {
  if (confirm === undefined) return { pairs: {}, stages: [], pending: describePending(before) }
  let pending = before ?? pendingFor(network.id, confirm.seconds, undefined, confirm.folder)
  const start = (): ReversibleStep =>
    watchdogStart(host, network, pending, confirm.watchdog, (now) => {
      pending = now
    })
  return {
    pairs: before === undefined ? pendingPair(network.name, pending) : {},
    stages: before !== undefined && isGuarded(before) ? [] : [[start()]],
    // As it is when it is read, which is after the plan.
    pending: {
      until: pending.at,
      get secondsLeft() {
        return secondsLeft(pending)
      },
      get watchdog() {
        return watchdogOf(pending)
      },
    },
  }
}
