import { firstLine, OvsdError } from '../errors.ts'
import type { DockerEndpoint } from '../docker/endpoint.ts'
import { withTimeout } from '../run/session.ts'
import { Claims } from '../reconcile/claims.ts'
import type { DesiredSource } from '../reconcile/desired.ts'
import type { PersistRecords } from '../reconcile/persist-records.ts'
import { Pace, paced } from '../reconcile/pace.ts'
import type { WorkQueue } from '../reconcile/queue.ts'
import { Reconciler } from '../reconcile/reconciler.ts'
import { asOvsdError, isOutage } from '../reconcile/refusals.ts'
import type { Report } from '../reconcile/report.ts'
import type { UpkeepReport } from '../reconcile/upkeep.ts'
import type { Store } from '../state/store.ts'
import { CentralLink } from './central-link.ts'
import { choresOf } from './chores.ts'
import type { Companion } from './companion.ts'
import { databaseNews } from './database-news.ts'
import { follow } from './follow.ts'
import { Housekeeping } from './housekeeping.ts'
import type { Ground } from './ground.ts'
import type { Health } from './http.ts'
import { Inbox } from './inbox.ts'
import type { Log } from './log.ts'
import type { Meter } from './meter.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { Outage } from './outage.ts'
import { census } from './resync.ts'
import { Rounds } from './rounds.ts'
import { workOf } from './work.ts'

export interface DaemonOptions {
  readonly ground: Ground
  readonly source: DesiredSource
  readonly records: PersistRecords
  /** Left out: the one that the environment names. */
  readonly store?: Store | undefined
  readonly report: Report
  readonly upkeepReport: UpkeepReport
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
  readonly companion?: Companion | undefined
}

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
  readonly #housekeeping: Housekeeping
  readonly #rounds = new Rounds()
  readonly #stop = new AbortController()
  readonly #engine: Outage
  readonly #database: Outage
  readonly #central: CentralLink
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

  constructor(options: DaemonOptions) {
    const { ground, source, records, report, upkeepReport, log, meter, dryRun, once, timeoutSeconds } = options
    const { store, companion } = options
    const { host, lock } = ground
    this.#options = options
    this.#engine = new Outage(log, 'engine', `the engine at ${host.docker.where}`)
    this.#database = new Outage(log, 'database', 'the Open vSwitch database', companion?.meanwhile)
    const pace = new Pace()
    const limit = (): AbortSignal => withTimeout(this.#stop.signal, timeoutSeconds)
    this.#reconciler = new Reconciler({
      ...{ host, source, records, report: paced(report, pace), dryRun, limit, lock },
      claims: new Claims(),
    })
    this.#housekeeping = new Housekeeping(
      { host, lock, report: upkeepReport, dryRun, limit },
      choresOf({ store, records, once, more: companion?.chores }),
    )
    this.#central = new CentralLink(host, log, () => {
      this.#housekeeping.ask()
      this.#resync()
    })
    this.#queue = workOf(this.#reconciler, { log, meter, retries: !once })
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
    // First, so that what containers get then works.
    await this.#housekeeping.now()
    await this.#look()
    await this.#queue.idle()
    this.#stop.signal.throwIfAborted()
  }

  /** Follows everything until `stop` is called. */
  async run(endpoint: DockerEndpoint): Promise<void> {
    const { ground, records, meter, companion } = this.#options
    const { host } = ground
    const news = databaseNews({ records, reconciler: this.#reconciler, queue: this.#queue, inbox: this.#inbox })
    using _listening = host.ovs.listen({
      changed: (changes) => {
        news(changes)
        this.#housekeeping.changed(changes)
        companion?.changed(changes)
      },
      lost: (error) => {
        meter.setDatabaseUp(false)
        this.#database.failed(error)
      },
      back: () => {
        meter.setDatabaseUp(true)
        this.#database.over()
        this.#housekeeping.ask()
        companion?.back()
        this.#resync()
      },
    })
    // The engine's connection brings the first look at everything; the database is needed for it, and waited for there.
    const connected = host.ovs.connect().then(() => {
      meter.setDatabaseUp(true)
      this.#database.over()
      // The networks of the host need no engine.
      this.#housekeeping.ask()
      companion?.back()
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
          if (action === 'rename') companion?.back()
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
    await Promise.all([this.#queue.idle(), this.#housekeeping.stop()])
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
      this.#options.companion?.back()
      // Who started anew may have ended containers without a word.
      this.#housekeeping.ask('ports')
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
    this.#central[Symbol.dispose]()
    await Promise.all([this.#queue.stop(), this.#housekeeping.stop()])
    this.#stop.abort(new Error('ovsd ends'))
  }

  /** Ends at once: what is being done is stopped, and undone. */
  hurry(reason: OvsdError): void {
    clearTimeout(this.#timer)
    this.#central[Symbol.dispose]()
    void this.#queue.stop()
    this.#stop.abort(reason)
  }

  /** Looks at everything anew, because what is wanted of containers may be something else now: the policy has changed. */
  resync(): void {
    this.#rounds.distrust()
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
      this.#timer = setTimeout(
        () => {
          this.#housekeeping.ask()
          void this.#admit()
        },
        seconds * 1000 * (0.9 + Math.random() / 5),
      )
  }

  async #look(): Promise<void> {
    const { ground, source, records, meter } = this.#options
    const since = performance.now()
    const { keys, wanting } = await census(ground.host, source, records)
    const due = this.#rounds.next({ keys, kept: records.keptFor(), remembered: this.#reconciler.remembered })
    this.#inbox.looked([...due].map(([id, thorough]) => [id, { thorough, since }] as const))
    meter.resynced()
    meter.setContainers(wanting)
  }

  /** Tells the meter how things are now: called before it is read. */
  count(): void {
    const { meter } = this.#options
    meter.setQueueLength(this.#queue.length)
    meter.setRefused(this.#reconciler.refused)
  }
}
