import type { HostOptions } from '../host.ts'
import { SharedLock } from '../reconcile/shared-lock.ts'
import { openWatchHost, type WatchHost } from './open-host.ts'
import { slim } from './slim.ts'

/** What all of one process stands on: one connection to each thing of the host, and the host-wide lock, held once for everybody. */
export interface Ground {
  readonly host: WatchHost
  readonly lock: SharedLock
}

/**
 * Opens the host that the options and the environment name; nothing of it is contacted yet. A process that is to last is kept
 * small. Error: BadInput.
 */
export function openGround(options: HostOptions, { lasts }: { readonly lasts: boolean }): Ground & Disposable {
  const host = openWatchHost(options)
  const slimming = lasts ? slim() : undefined
  return {
    host,
    lock: new SharedLock(),
    [Symbol.dispose]() {
      slimming?.[Symbol.dispose]()
      host[Symbol.dispose]()
    },
  }
}
