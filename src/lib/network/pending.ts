// A network that was made with --confirm-within is taken back unless somebody confirms it. That stands beside its record on
// the Bridge row, from the same transaction on: whoever comes later knows it, though the watchdog may be gone.
import { bootTime, type BootTime } from '../system/boot-clock.ts'
import { processStart } from '../system/process-life.ts'

type Ids = Readonly<Record<string, string>>

/** What is recorded of a network that waits to be confirmed. */
export interface Pending {
  /** Id of the network: another one of the same name is none of its business. */
  readonly id: string
  /** Until when; not by the clock on the wall, which may be set. */
  readonly until: BootTime
  /** The same for people, by that clock (ISO 8601). */
  readonly at: string
  /** The process that takes it back; undefined as long as it has not been started. */
  readonly watchdog: { readonly pid: number; readonly started: string } | undefined
  /** Where the copy of its record is, when that is not the folder that everybody uses. */
  readonly folder?: string
}

/** As --json gives it. */
export interface PendingResult {
  /** When it is taken back (ISO 8601). */
  readonly until: string
  readonly secondsLeft: number
  /** Its process number; null when it is gone, and ovsd watch has to do it; without that, nobody does. */
  readonly watchdog: number | null
}

const PREFIX = 'ovsd_pending.'

/** The key of it on the Bridge row. */
export const pendingKey = (name: string): string => `${PREFIX}${name}`

export const pendingPair = (name: string, pending: Pending): Ids => ({ [pendingKey(name)]: JSON.stringify(pending) })

/** What to wait for from now on, for so many seconds. */
export function pendingFor(id: string, seconds: number, now: BootTime = bootTime(), folder?: string): Pending {
  const until = { boot: now.boot, seconds: Math.round((now.seconds + seconds) * 100) / 100 }
  const at = new Date(Date.now() + seconds * 1000).toISOString()
  return { id, until, at, watchdog: undefined, ...(folder === undefined ? {} : { folder }) }
}

/** What the pairs of a bridge say about the network of that name and id; undefined when it needs no confirmation. */
export function readPending(ids: Ids, name: string, id: string | undefined): Pending | undefined {
  const text = ids[pendingKey(name)]
  if (text === undefined || id === undefined) return undefined
  try {
    const { id: whose, until, at, watchdog, folder } = JSON.parse(text) as Partial<Pending>
    if (whose !== id || typeof until?.boot !== 'string' || typeof until.seconds !== 'number') return undefined
    const { pid, started } = watchdog ?? {}
    return {
      ...{ id, until, at: typeof at === 'string' ? at : '' },
      watchdog: typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined,
      ...(typeof folder === 'string' ? { folder } : {}),
    }
  } catch {
    return undefined
  }
}

/**
 * Whether the time is over. It is after a reboot, however soon: who cannot reach a host any more has it restarted, and is
 * helped only if it then is as before.
 */
export const isOverdue = ({ until }: Pending, now: BootTime = bootTime()): boolean =>
  until.boot !== now.boot || now.seconds >= until.seconds

/** Whether its watchdog still runs. */
export function isGuarded({ watchdog }: Pending): boolean {
  if (watchdog === undefined) return false
  return processStart(watchdog.pid) === watchdog.started
}

/** How long it still waits, in seconds. */
export const secondsLeft = ({ until }: Pending, now: BootTime = bootTime()): number =>
  until.boot === now.boot ? Math.max(0, Math.ceil(until.seconds - now.seconds)) : 0

/** The process number of its watchdog; null when that is gone. */
export const watchdogOf = (pending: Pending): number | null =>
  isGuarded(pending) ? (pending.watchdog?.pid ?? null) : null

/** As --json gives it; null for a network that needs no confirmation. */
export const describePending = (pending: Pending | undefined): PendingResult | null =>
  pending === undefined ? null : { until: pending.at, secondsLeft: secondsLeft(pending), watchdog: watchdogOf(pending) }

/** In words, and what to type; undefined for a network that needs no confirmation. */
export function tellPending(name: string, pending: PendingResult | null): string | undefined {
  if (pending === null) return undefined
  const confirm = `ovsd net confirm ${name}`
  if (pending.secondsLeft === 0)
    return pending.watchdog === null
      ? `not confirmed in time, and there still: ovsd watch takes it back, or ovsd net rm --force ${name}; to keep it: ${confirm}`
      : `not confirmed in time; it is taken back, unless you type: ${confirm}`
  const alone = pending.watchdog === null ? ' by ovsd watch, if that runs: its watchdog is gone' : ''
  return `taken back in ${String(pending.secondsLeft)} s${alone}, unless you type: ${confirm}`
}
