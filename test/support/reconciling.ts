// A reconciler as `watch` has it, on sleepers, with all that it says and all that it starts.
import { NO_POLICY } from '../../src/lib/policy/policy.ts'
import { Claims } from '../../src/lib/reconcile/claims.ts'
import { PersistRecords } from '../../src/lib/reconcile/persist-records.ts'
import { Reconciler } from '../../src/lib/reconcile/reconciler.ts'
import type { Report } from '../../src/lib/reconcile/report.ts'
import { SharedLock } from '../../src/lib/reconcile/shared-lock.ts'
import { shellLine, type Command } from '../../src/lib/system/command.ts'
import { run, type Runner } from '../../src/lib/system/runner.ts'
import { labelSource } from '../../src/lib/watch/label-source.ts'
import { openWatchHost, type WatchHost } from '../../src/lib/watch/open-host.ts'
import { judgeBy } from '../../src/lib/policy/judge-by.ts'
import { SleepersEngine, type Sleeper } from './sleepers.ts'

export interface ReconcilingOptions {
  readonly dryRun?: boolean
  /** Said of a command before it runs; what it throws is the command's failure. */
  readonly before?: (command: Command) => void
}

/** The reconciler, and what it works with. */
export class Reconciling implements AsyncDisposable {
  readonly engine: SleepersEngine
  readonly host: WatchHost
  readonly records = new PersistRecords()
  readonly claims = new Claims()
  /** What it reported, in words that can be compared; see `wordsOf`. */
  readonly said: string[] = []
  /** The processes that it started, as lines of a shell. */
  readonly started: string[] = []
  readonly #dryRun: boolean
  #reconciler: Reconciler

  static async open(options: ReconcilingOptions = {}): Promise<Reconciling> {
    return new Reconciling(await SleepersEngine.start(), options)
  }

  private constructor(engine: SleepersEngine, { dryRun = false, before }: ReconcilingOptions) {
    this.engine = engine
    this.#dryRun = dryRun
    const runner: Runner = async (command, signal) => {
      this.started.push(shellLine(command))
      before?.(command)
      return run(command, signal)
    }
    this.host = openWatchHost({ docker: `unix://${engine.socket}`, runner })
    this.host.ovs.listen({
      changed: ({ bridges }) => {
        this.records.update(bridges.flatMap(({ after }) => after ?? []))
      },
    })
    this.#reconciler = this.#make()
  }

  get reconciler(): Reconciler {
    return this.#reconciler
  }

  /** As after a restart of `watch`: knows only what the host and the engine tell. */
  async forgetAll(): Promise<void> {
    this.#reconciler = this.#make()
    this.records.update((await this.host.ovs.everything()).map(({ bridge }) => bridge))
  }

  /** Looks at containers, all at once; gives what was said meanwhile. Failures are among it. */
  async look(...sleepers: readonly Sleeper[]): Promise<readonly string[]> {
    return this.#lookAt(sleepers, false)
  }

  async lookThoroughly(...sleepers: readonly Sleeper[]): Promise<readonly string[]> {
    return this.#lookAt(sleepers, true)
  }

  async #lookAt(sleepers: readonly Sleeper[], thorough: boolean): Promise<readonly string[]> {
    this.said.length = 0
    this.started.length = 0
    const since = performance.now()
    const looks = sleepers.map(({ id }) => this.#reconciler.reconcile(id, { thorough, since }))
    const failed = (await Promise.allSettled(looks)).filter(({ status }) => status === 'rejected').length
    return [...this.said.toSorted(), ...Array<string>(failed).fill('rejected')]
  }

  #make(): Reconciler {
    const { host, records, claims } = this
    const source = labelSource({
      defaults: { bridge: 'no-such-bridge', iface: 'eth1' },
      judge: () => judgeBy(NO_POLICY, host.ovs),
      imageLabels: () => Promise.resolve({}),
      records,
      dropped: () => undefined,
    })
    const limit = () => AbortSignal.timeout(30_000)
    const report = wordsOf(this.said)
    return new Reconciler({
      ...{ host, source, records, report, claims, limit },
      lock: new SharedLock(),
      dryRun: this.#dryRun,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.host[Symbol.dispose]()
    await this.engine[Symbol.asyncDispose]()
  }
}

/** A report in words: `+` attached, `~` repaired, `-` detached, `!` refused, `?` would run. */
const wordsOf = (said: string[]): Report => ({
  attached: ({ name }, { interface: iface }) => said.push(`+ ${name} ${iface}`),
  repaired: ({ name }, { interface: iface }, what) => said.push(`~ ${name} ${iface}: ${what.join('; ')}`),
  detached: ({ name }, removed) => said.push(...removed.map(({ iface, why }) => `- ${name} ${iface}: ${why}`)),
  refused: ({ name }, iface, { code }) => said.push(`! ${name} ${iface} ${code}`),
  allowed: ({ name }, iface) => said.push(`ok ${name} ${iface}`),
  failed: ({ name }, iface, { code }) => said.push(`failed ${name} ${iface} ${code}`),
  wouldRun: ({ name }, title) => said.push(`? ${name} ${title}`),
})
