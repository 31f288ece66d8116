import { firstLine, OvsdError } from '../errors.ts'
import type { DockerEndpoint } from '../docker/endpoint.ts'
import { shortId } from '../docker/container.ts'
import type { Changes } from '../ovs/replica-changes.ts'
import { withTimeout } from '../run/session.ts'
import { CONTAINER_BACKOFF } from '../reconcile/backoff.ts'
import { Claims } from '../reconcile/claims.ts'
import type { DesiredSource } from '../reconcile/desired.ts'
import type { PersistRecords } from '../reconcile/persist-records.ts'
import { Pace, paced } from '../reconcile/pace.ts'
import { WorkQueue } from '../reconcile/queue.ts'
import { Reconciler } from '../reconcile/reconciler.ts'
import { asOvsdError, isOutage } from '../reconcile/refusals.ts'
import type { Report } from '../reconcile/report.ts'
import { SharedLock } from '../reconcile/shared-lock.ts'
import { follow } from './follow.ts'
import type { Health } from './http.ts'
import { Inbox } from './inbox.ts'
import type { Log } from './log.ts'
import type { Meter } from './meter.ts'
import type { WatchHost } from './open-host.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { Outage } from './outage.ts'
import { census } from './resync.ts'
import { bridgesGone, containersOf, linksGone } from './touched.ts'
import { turnOf } from './turn.ts'

export interface DaemonOptions {
  readonly host: WatchHost
  readonly source: DesiredSource
  readonly records: PersistRecords
  readonly report: Report
  readonly log: Log
  readonly meter: Meter
  readonly resyncSeconds: number
  /** Most time that one container may take, in seconds. */
  readonly timeoutSeconds: number
  readonly dryRun: boolean
  /** Refuses an engine that is not to be followed. */
  readonly admit: () => Promise<void>
  /** Look at everything once: what fails is not tried again. */
  readonly once: boolean
}

/** Containers that are worked on at the same time: enough that a burst shares its processes. */
const AT_ONCE = 256
/** Refusals that may end when somebody's port goes. */
const TAKEN = ['AddressInUse', 'AttachedByOther', 'InterfaceExists', 'LinkNameTaken', 'NameTaken'] as const
/** Seconds until an engine that was reached, and did not answer as it should, is asked again. */
const AGAIN_S = 5

/**
 * Follows the engine and the database, and has every container looked at that either speaks of; and all of them at times,
 * in case nobody did.
 */
export class Daemon {
  readonly #options: DaemonOptions
  readonly #queue: WorkQueue
  readonly #reconciler: Reconciler
  readonly #inbox: Inbox
  readonly #stop = new AbortController()
  readonly #engine: Outage
  readonly #database: Outage
  readonly #looking = new OneAtATime(
    () =>
      this.#look().catch((error: unknown) => {
        this.#lookFailed(error)
      }),
    () => {
      this.#schedule(this.#inbox.isOpen ? undefined : AGAIN_S)
    },
  )
  #isFollowing = false
  #timer: NodeJS.Timeout | undefined
  #round = 0
  /** The next look is to take nothing for right because it was so before. */
  #distrustful = false

  constructor(options: DaemonOptions) {
    const { host, source, records, report, log, meter, dryRun, once, timeoutSeconds } = options
    this.#options = options
    this.#engine = new Outage(log, 'engine', `the engine at ${host.docker.where}`)
    this.#database = new Outage(log, 'database', 'the Open vSwitch database')
    const pace = new Pace()
    const limit = (): AbortSignal => withTimeout(this.#stop.signal, timeoutSeconds)
    this.#reconciler = new Reconciler({
      ...{ host, source, records, report: paced(report, pace), dryRun, limit },
      claims: new Claims(),
      lock: new SharedLock(),
    })
    this.#queue = new WorkQueue({
      atOnce: AT_ONCE,
      backoff: CONTAINER_BACKOFF,
      retries: !once,
      work: async (id, occasion) => {
        const begun = performance.now()
        await this.#reconciler.reconcile(id, occasion)
        meter.reconcileTook((performance.now() - begun) / 1000)
      },
      failed: (id, error, retryMs) => {
        if (retryMs === undefined) return
        const again = `${shortId(id)} will be looked at again in ${(retryMs / 1000).toFixed(1)} s`
        log.debug('container.retry', `${again}: ${firstLine(error)}`, { container_id: id, retry_in_s: retryMs / 1000 })
      },
    })
    this.#inbox = new Inbox(this.#queue, pace)
  }

  /** What is in the way of doing the work now. */
  health(): Health {
    const reasons = [this.#engine, this.#database].flatMap(({ reason }) => reason ?? [])
    return { ok: reasons.length === 0, reasons }
  }

  /** Looks at everything once. Errors: those of the engine and of the database, and what `hurry` was given. */
  async once(): Promise<void> {
    await this.#options.admit()
    await this.#look()
    await this.#queue.idle()
    this.#stop.signal.throwIfAborted()
  }

  /** Follows everything until `stop` is called. */
  async run(endpoint: DockerEndpoint): Promise<void> {
    const { host, meter } = this.#options
    using _listening = host.ovs.listen({
      changed: (changes) => this.#databaseChanged(changes),
      lost: (error) => {
        meter.setDatabaseUp(false)
        this.#database.failed(error)
      },
      back: () => {
        meter.setDatabaseUp(true)
        this.#database.over()
        this.#resync()
      },
    })
    // The engine's connection brings the first look at everything; the database is needed for it, and waited for there.
    const connected = host.ovs.connect().then(() => {
      meter.setDatabaseUp(true)
      this.#database.over()
    })
    connected.catch(() => undefined)
    // Should the stream of events never come, everything is looked at all the same.
    this.#schedule()
    await follow(
      endpoint,
      {
        opened: () => {
          this.#following(true)
          this.#engine.reached()
          void this.#admit()
        },
        event: ({ id, action }) => {
          this.#reconciler.saw(id)
          this.#inbox.engineTold(id, { thorough: action !== 'rename', since: performance.now() })
        },
        lost: (error) => {
          this.#following(false)
          this.#engine.stumbled(error)
        },
      },
      this.#stop.signal,
    )
    // Nothing begins any more, but what was begun may not be undone yet.
    await this.#queue.idle()
    const { reason } = this.#stop.signal as { reason: unknown }
    if (reason instanceof OvsdError) throw reason
  }

  #following(isFollowing: boolean): void {
    this.#isFollowing = isFollowing
    this.#options.meter.setEventStreamUp(isFollowing)
  }

  /** Another engine may answer after each reconnect. One that is just starting or ending may say no to anything. */
  async #admit(): Promise<void> {
    try {
      await this.#options.admit()
      if (this.#isFollowing) this.#engine.over()
      this.#resync()
    } catch (thrown) {
      const error = asOvsdError(thrown)
      if (error.code === 'RootlessEngine') this.hurry(error)
      else this.#engine.failed(error)
      this.#schedule(AGAIN_S)
    }
  }

  /** Ends in order: what is being done is finished, nothing new is begun, the network stays. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#queue.stop()
    this.#stop.abort(new Error('ovsd watch ends'))
  }

  /** Ends at once: what is being done is stopped, and undone. */
  hurry(reason: OvsdError): void {
    clearTimeout(this.#timer)
    void this.#queue.stop()
    this.#stop.abort(reason)
  }

  /** Looks at everything anew, because what is wanted of containers may be something else now: the policy has changed. */
  resync(): void {
    this.#distrustful = true
    this.#resync()
  }

  #resync(): void {
    clearTimeout(this.#timer)
    if (!this.#stop.signal.aborted) this.#looking.ask()
  }

  #lookFailed(error: unknown): void {
    if (!isOutage(error)) this.#options.log.error('resync.failed', `Looking at everything failed: ${firstLine(error)}`)
  }

  /** Not all hosts of a site at the same second. */
  #schedule(seconds = this.#options.resyncSeconds): void {
    clearTimeout(this.#timer)
    if (!this.#stop.signal.aborted)
      this.#timer = setTimeout(() => void this.#admit(), seconds * 1000 * (0.9 + Math.random() / 5))
  }

  async #look(): Promise<void> {
    const { host, source, records, meter } = this.#options
    const since = performance.now()
    const { keys, wanting } = await census(host, source, records)
    const turn = turnOf(keys.keys(), this.#round++)
    const all = this.#distrustful
    this.#distrustful = false
    // Some may have ended while nobody was told of it.
    for (const id of this.#reconciler.remembered) if (!keys.has(id)) keys.set(id, false)
    this.#inbox.looked(
      [...keys].map(([id, isSuspect]) => [id, { thorough: all || isSuspect || turn.has(id), since }] as const),
    )
    meter.resynced()
    meter.setContainers(wanting)
  }

  /** Tells the meter how things are now: called before it is read. */
  count(): void {
    const { meter } = this.#options
    meter.setQueueLength(this.#queue.length)
    meter.setRefused(this.#reconciler.refused)
  }

  #databaseChanged({ interfaces, bridges }: Changes): void {
    const since = performance.now()
    const { records } = this.#options
    if (bridges.length > 0) records.update(bridges.flatMap(({ after }) => after ?? []))
    const ids = new Set(containersOf({ interfaces }))
    // Somebody's address may be free now, or the name of an interface.
    if (interfaces.some(({ after }) => after === undefined))
      for (const id of TAKEN.flatMap((code) => this.#reconciler.refusedFor(code))) ids.add(id)
    const add = (): void => {
      for (const id of ids) this.#inbox.databaseTold(id, { thorough: false, since })
    }
    void linksGone(bridgesGone({ bridges })).then(add)
  }
}
