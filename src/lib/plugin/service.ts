import type { OvsdError } from '../errors.ts'
import type { Policy } from '../policy/policy.ts'
import { withTimeout } from '../run/session.ts'
import { DRIVING, takeInstance } from '../system/instance.ts'
import { CentralLink } from '../watch/central-link.ts'
import { choresWithoutWatch } from '../watch/chores.ts'
import type { Ground } from '../watch/ground.ts'
import type { HeldPolicy } from '../watch/held-policy.ts'
import { Housekeeping } from '../watch/housekeeping.ts'
import type { ListenAddress } from '../watch/listen-address.ts'
import { Outage } from '../watch/outage.ts'
import { upkeepReport } from '../watch/upkeep-report.ts'
import { Serving, type ServingOptions } from './serving.ts'

export interface PluginOptions extends ServingOptions {
  readonly socket: ListenAddress
  /** The service manager has opened the socket. */
  readonly passedOn: boolean
}

/** How often networks are looked at although nothing was heard of a change, in milliseconds. */
const LOOK_MS = 60_000

/** `ovsd plugin`, put together: the driver, and what keeps its networks whole where there is no `watch`. */
export class PluginService implements AsyncDisposable {
  readonly #serving: Serving
  readonly #housekeeping: Housekeeping
  readonly #policy: HeldPolicy
  readonly #held: AsyncDisposableStack
  readonly #stop = new AbortController()
  readonly #over = Promise.withResolvers<undefined>()

  /** Serves from here on. `ground` is let go of by who opened it, after this. Errors: NotPermitted, ToolMissing, AlreadyRunning, ListenFailed. */
  static async open(options: PluginOptions, ground: Ground): Promise<PluginService> {
    await using held = new AsyncDisposableStack()
    // Let go of last: another driver is not to serve while this one still puts something back.
    held.adopt(await takeInstance(DRIVING), (instance) => {
      instance.release()
    })
    const serving = held.use(new Serving(options, ground))
    await serving.listen(options.socket, options.passedOn)
    return new PluginService(options, ground, serving, held.move())
  }

  private constructor(options: PluginOptions, ground: Ground, serving: Serving, held: AsyncDisposableStack) {
    const { log, store, timeoutSeconds, policy } = options
    const limit = (): AbortSignal => withTimeout(this.#stop.signal, timeoutSeconds)
    this.#serving = serving
    this.#policy = policy
    this.#held = held
    this.#housekeeping = new Housekeeping(
      { ...ground, limit, dryRun: false, report: upkeepReport(log) },
      choresWithoutWatch(store, serving.chores),
    )
    const database = new Outage(log, 'database', 'the Open vSwitch database', serving.meanwhile)
    held.use(
      new CentralLink(ground.host, log, () => {
        this.#housekeeping.ask()
      }),
    )
    this.#follow(ground, database)
  }

  /** Has networks looked at now, when the database tells of a change, and from time to time. */
  #follow({ host }: Ground, database: Outage): void {
    const back = (): void => {
      database.over()
      this.#housekeeping.ask()
      this.#serving.back()
    }
    const listening = host.ovs.listen({
      changed: (changes) => {
        this.#housekeeping.changed(changes)
        this.#serving.changed(changes)
      },
      lost: (error) => {
        database.failed(error)
      },
      back,
    })
    const timer = setInterval(() => {
      this.#housekeeping.ask()
      this.#serving.back()
    }, LOOK_MS)
    this.#held.defer(() => {
      listening[Symbol.dispose]()
      clearInterval(timer)
    })
    // That it cannot be had is told by `lost`, and it is tried again.
    host.ovs.connect().then(back, () => undefined)
  }

  /** The policy as it is now. */
  get policy(): Policy {
    return this.#policy.now
  }

  /** Resolves after `stop`, and rejects with what `hurry` was given. */
  async run(): Promise<void> {
    await this.#over.promise
    const { aborted, reason } = this.#stop.signal as { aborted: boolean; reason: unknown }
    if (aborted) throw reason
  }

  /** Reads the policy again: over networks that Docker asks for from then on. */
  async reload(): Promise<void> {
    await this.#policy.reload()
  }

  /** Ends in order: calls that came are answered, and nothing of the network changes. */
  async stop(): Promise<void> {
    await this.#serving.stop()
    await this.#housekeeping.stop()
    this.#over.resolve(undefined)
  }

  /** Ends at once: what is being done is undone. */
  hurry(reason: OvsdError): void {
    this.#stop.abort(reason)
    this.#serving.hurry(reason)
    void this.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#held.disposeAsync()
  }
}
