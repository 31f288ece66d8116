import { refuseRootless } from '../docker/engine.ts'
import type { OvsdError } from '../errors.ts'
import { judgeBy } from '../policy/judge-by.ts'
import type { Policy } from '../policy/policy.ts'
import { PersistRecords } from '../reconcile/persist-records.ts'
import type { Report } from '../reconcile/report.ts'
import { takeInstance, WATCHING } from '../system/instance.ts'
import { requirePrivileges } from '../system/privileges.ts'
import { requireTools } from '../system/runner.ts'
import type { Store } from '../state/store.ts'
import { countAttachments } from './attachments.ts'
import type { Companion } from './companion.ts'
import { Daemon } from './daemon.ts'
import type { Ground } from './ground.ts'
import type { HeldPolicy } from './held-policy.ts'
import { serve } from './http.ts'
import { labelSource } from './label-source.ts'
import type { Log } from './log.ts'
import { logReport } from './log-report.ts'
import { noMetrics, type Meter } from './meter.ts'
import { Restraint } from './restraint.ts'
import type { Settings } from './settings.ts'
import { emptyTally, tallied, talliedUpkeep, type Tally } from './tally.ts'
import { upkeepReport } from './upkeep-report.ts'

export interface ServiceOptions {
  readonly settings: Settings
  readonly policy: HeldPolicy
  readonly log: Log
  readonly version: string
  readonly timeoutSeconds: number
  readonly dryRun: boolean
  readonly once: boolean
  /** Left out: the one that the environment names. */
  readonly store?: Store | undefined
  readonly companion?: Companion | undefined
}

/**
 * `ovsd watch`, put together: policy, source, report, daemon. Nothing of the host is changed before `run` or `once`.
 * Errors: NotPermitted, ToolMissing, AlreadyRunning, ListenFailed, RootlessEngine.
 */
export class Service implements AsyncDisposable {
  readonly #options: ServiceOptions
  readonly #ground: Ground
  readonly #daemon: Daemon
  readonly #tally: Tally = emptyTally()
  readonly #held: AsyncDisposableStack

  /** `ground` is let go of by who opened it, after this. */
  static async open(options: ServiceOptions, ground: Ground): Promise<Service> {
    const { settings, dryRun, once, version } = options
    await using held = new AsyncDisposableStack()
    if (!dryRun) {
      requirePrivileges()
      requireTools([
        { tool: 'ovs-vsctl', args: [] },
        { tool: 'nsenter', args: [] },
        { tool: 'ip', args: [] },
      ])
      held.adopt(await takeInstance(WATCHING), (instance) => instance.release())
    }
    // A single look is over before anybody asks, and the daemon that serves there may be running beside it.
    const { metrics: metricsAt, health: healthAt } = once ? {} : settings
    const metrics = metricsAt === undefined ? undefined : (await import('./metrics.ts')).createMetrics(version)
    const service = new Service(options, ground, metrics ?? noMetrics, held.move())
    if (metricsAt !== undefined || healthAt !== undefined) {
      const from = metrics && {
        contentType: metrics.contentType,
        text: async () => {
          service.#daemon.count()
          await countAttachments(ground.host.ovs, metrics)
          return metrics.text()
        },
      }
      const pages = {
        metrics: metricsAt && from && { address: metricsAt, from },
        health: { address: healthAt, from: () => service.#daemon.health() },
      }
      try {
        service.#held.use(await serve(pages))
      } catch (error) {
        await service[Symbol.asyncDispose]()
        throw error
      }
    }
    return service
  }

  private constructor(options: ServiceOptions, ground: Ground, meter: Meter, held: AsyncDisposableStack) {
    const { settings, policy, log, dryRun, once, timeoutSeconds, store, companion } = options
    const { host } = ground
    this.#options = options
    this.#ground = ground
    this.#held = held
    const records = new PersistRecords()
    const source = labelSource({
      defaults: settings,
      judge: () => judgeBy(policy.now, host.ovs),
      imageLabels: (image) => host.docker.imageLabels(image),
      records,
      dropped: ({ id, name }, labels) => {
        const fields = { container: name, container_id: id, labels }
        log.debug('labels.dropped', `labels of the image of ${name} do not count: ${labels.join(', ')}`, fields)
      },
    })
    const logging = logReport(log, meter, new Restraint())
    const report: Report = once ? tallied(logging, this.#tally) : logging
    const keeping = upkeepReport(log)
    this.#daemon = new Daemon({
      ...{ ground, source, records, report, log, meter, timeoutSeconds, dryRun, once, store, companion },
      upkeepReport: once ? talliedUpkeep(keeping, this.#tally) : keeping,
      resyncSeconds: settings.resyncSeconds,
      admit: async () => refuseRootless(await host.docker.engine(), host.docker.where),
    })
  }

  /** The policy as it is now. */
  get policy(): Policy {
    return this.#options.policy.now
  }

  /** Looks at everything once and gives what was done. Errors: DockerUnreachable, DatabaseUnreachable, RootlessEngine. */
  async once(): Promise<Tally> {
    await this.#daemon.once()
    return this.#tally
  }

  /** Follows everything until `stop`. Error: RootlessEngine. */
  run(): Promise<void> {
    return this.#daemon.run(this.#ground.host.docker.endpoint)
  }

  /** Reads the policy again and looks at everything by it; a policy that cannot be read changes nothing. */
  async reload(): Promise<void> {
    if (await this.#options.policy.reload()) this.#daemon.resync()
  }

  /** Ends in order: what is being done is finished, nothing new begun; the network stays as it is. */
  stop(): Promise<void> {
    return this.#daemon.stop()
  }

  /** Ends at once: what is being done is undone. */
  hurry(reason: OvsdError): void {
    this.#daemon.hurry(reason)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#held.disposeAsync()
  }
}
