import { once } from 'node:events'
import type { Server } from 'node:http'
import { SharedLock } from '../reconcile/shared-lock.ts'
import { withTimeout } from '../run/session.ts'
import type { Store } from '../state/store.ts'
import { requirePrivileges } from '../system/privileges.ts'
import { requireTools, type Runner } from '../system/runner.ts'
import type { ListenAddress } from '../watch/listen-address.ts'
import type { Log } from '../watch/log.ts'
import { openWatchHost, type WatchHost } from '../watch/open-host.ts'
import { Outage } from '../watch/outage.ts'
import { slim } from '../watch/slim.ts'
import { upkeepReport } from '../watch/upkeep-report.ts'
import { Driver } from './driver.ts'
import { Keeper } from './keeper.ts'
import { Learner } from './learner.ts'
import { methodsOf } from './methods.ts'
import { pluginServer } from './server.ts'
import { openSocket } from './socket.ts'
import { Work } from './work.ts'

export interface PluginOptions {
  readonly db?: string | undefined
  readonly docker?: string | undefined
  readonly runner: Runner
  readonly log: Log
  readonly store: Store
  readonly socket: ListenAddress
  /** The service manager has opened the socket. */
  readonly passedOn: boolean
  /** Most time that mending one thing may take, in seconds. */
  readonly timeoutSeconds: number
}

/** How often networks are looked at although nothing was heard of a change, in milliseconds. */
const LOOK_MS = 60_000

/** `ovsd plugin`, put together: host, driver, server, and what keeps networks whole meanwhile. */
export class PluginService implements AsyncDisposable {
  readonly #server: Server
  readonly #keeper: Keeper
  readonly #learner: Learner
  readonly #held: AsyncDisposableStack

  /** Serves from here on. Errors: NotPermitted, ToolMissing, ListenFailed. */
  static async open(options: PluginOptions): Promise<PluginService> {
    const { db, docker, runner, socket, passedOn } = options
    requirePrivileges()
    requireTools([
      { tool: 'ovs-vsctl', args: [] },
      { tool: 'ip', args: [] },
    ])
    await using held = new AsyncDisposableStack()
    const host = held.use(openWatchHost({ db, docker, runner }))
    const service = new PluginService(options, host, held.move())
    try {
      await openSocket(service.#server, socket, passedOn)
      service.#follow(host, options.log)
    } catch (error) {
      await service[Symbol.asyncDispose]()
      throw error
    }
    return service
  }

  private constructor({ log, store, timeoutSeconds }: PluginOptions, host: WatchHost, held: AsyncDisposableStack) {
    this.#held = held
    held.use(slim())
    const lock = new SharedLock()
    const stop = new AbortController()
    const limit = (): AbortSignal => withTimeout(stop.signal, timeoutSeconds)
    held.defer(() => {
      stop.abort(new Error('ovsd plugin ends'))
    })
    const work = new Work(host, lock)
    this.#keeper = new Keeper({ ...{ host, lock, limit, dryRun: false }, report: upkeepReport(log) })
    this.#learner = held.use(new Learner({ host, work, log, limit }))
    this.#server = pluginServer({ methods: methodsOf(new Driver({ host, store, work })), log })
  }

  /** Has networks looked at now, when the database tells of a change, and from time to time. */
  #follow(host: WatchHost, log: Log): void {
    const database = new Outage(log, 'database', 'the Open vSwitch database', 'calls of Docker fail meanwhile')
    const back = (): void => {
      database.over()
      this.#keeper.ask()
      this.#learner.ask()
    }
    const listening = host.ovs.listen({
      changed: (changes) => {
        this.#keeper.changed(changes)
        this.#learner.changed(changes)
      },
      lost: (error) => {
        database.failed(error)
      },
      back,
    })
    const timer = setInterval(() => {
      this.#keeper.ask()
    }, LOOK_MS)
    this.#held.defer(() => {
      listening[Symbol.dispose]()
      clearInterval(timer)
    })
    // That it cannot be had is told by `lost`, and it is tried again.
    host.ovs.connect().then(back, () => undefined)
  }

  /** Ends in order: calls that came are answered, and nothing of the network changes. */
  async stop(): Promise<void> {
    if (this.#server.listening) {
      const closed = once(this.#server, 'close')
      this.#server.close()
      this.#server.closeIdleConnections()
      await closed
    }
    await this.#keeper.stop()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    await this.#held.disposeAsync()
  }
}
