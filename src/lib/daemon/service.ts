import type { OvsdError } from '../errors.ts'
import type { Policy } from '../policy/policy.ts'
import type { PluginOptions } from '../plugin/service.ts'
import { Serving } from '../plugin/serving.ts'
import { DRIVING, takeInstance } from '../system/instance.ts'
import type { Ground } from '../watch/ground.ts'
import { Service, type ServiceOptions } from '../watch/service.ts'

export type DaemonServiceOptions = PluginOptions & Omit<ServiceOptions, 'once' | 'dryRun' | 'store' | 'companion'>

/**
 * `ovsd daemon`: `watch` with the driver for a companion. There is one of everything: connection to the database, lock, ears, upkeep,
 * timer, store.
 */
export class DaemonService implements AsyncDisposable {
  readonly #watch: Service
  readonly #serving: Serving
  readonly #held: AsyncDisposableStack

  /**
   * Serves Docker from here on; an engine need not be there. `ground` is let go of by who opened it, after this.
   * Errors: those of Service.open, ListenFailed.
   */
  static async open(options: DaemonServiceOptions, ground: Ground): Promise<DaemonService> {
    await using held = new AsyncDisposableStack()
    // As in PluginService.
    held.adopt(await takeInstance(DRIVING), (instance) => {
      instance.release()
    })
    const serving = new Serving(options, ground)
    // Whoever else watches this host is found before a socket is opened.
    const watch = held.use(await Service.open({ ...options, once: false, dryRun: false, companion: serving }, ground))
    held.use(serving)
    await serving.listen(options.socket, options.passedOn)
    return new DaemonService(watch, serving, held.move())
  }

  private constructor(watch: Service, serving: Serving, held: AsyncDisposableStack) {
    this.#watch = watch
    this.#serving = serving
    this.#held = held
  }

  /** The policy as it is now. */
  get policy(): Policy {
    return this.#watch.policy
  }

  /** Follows everything until `stop`. Errors: RootlessEngine, what `hurry` was given. */
  async run(): Promise<void> {
    try {
      await this.#watch.run()
    } finally {
      await this.#serving.stop()
    }
  }

  /** Reads the policy again and looks at everything by it. */
  reload(): Promise<void> {
    return this.#watch.reload()
  }

  /** Ends in order: calls that came are answered, then what is being done is finished; the network stays as it is. */
  async stop(): Promise<void> {
    await this.#serving.stop()
    await this.#watch.stop()
  }

  /** Ends at once: what is being done is undone. */
  hurry(reason: OvsdError): void {
    this.#serving.hurry(reason)
    this.#watch.hurry(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync()
  }
}
