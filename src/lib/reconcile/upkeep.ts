import type { OvsdError } from '../errors.ts'
import type { Host } from '../host.ts'
import { commandsOf, type Plan } from '../plan/step.ts'
import { nobody } from '../run/observer.ts'
import { runPlan } from '../run/run-plan.ts'
import { shellLine } from '../system/command.ts'
import { asOvsdError, isOutage } from './refusals.ts'
import type { SharedLock } from './shared-lock.ts'

/** Something of this host, beside its containers, that is not as it should be. */
export interface Due {
  /** What it is about: "network blue". */
  readonly about: string
  /** What is not as it should be, in words. */
  readonly why: readonly string[]
  /** It may just be under way: it is looked at again soon, and nothing is done yet. */
  readonly isSettling?: boolean
  /** Looks again, under the lock, and plans what mends it; undefined when nothing is to be done any more. */
  plan(signal: AbortSignal): Promise<Plan | undefined>
}

/** Looks for such things. Reads only, and starts no process, or one a minute, where there is nothing to look after. */
export type Chore = (host: Host, signal: AbortSignal) => Promise<readonly Due[]>

/** Is told what upkeep does. */
export interface UpkeepReport {
  mended(due: Due): void
  /** It cannot be mended as things are: told once for each reason. */
  failed(about: string, error: OvsdError): void
  /** The commands of a plan that is not carried out (--dry-run). */
  wouldRun(due: Due, title: string, commands: readonly string[]): void
}

export interface UpkeepOptions {
  readonly host: Host
  readonly chores: readonly Chore[]
  readonly lock: Pick<SharedLock, 'takeAlone'>
  readonly report: UpkeepReport
  readonly dryRun: boolean
  /** A signal for one piece of work: it bounds its time. */
  readonly limit: () => AbortSignal
}

/** Mends what networks and mirrors have on the host when it is not as it should be: one thing after the other. */
export class Upkeep {
  readonly #options: UpkeepOptions
  /** What was told of things that cannot be mended. */
  #told: ReadonlyMap<string, string> = new Map()

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * Looks at everything once, and mends it; true when something may be under way still, and is worth another look soon. Never rejects: what
   * fails is told, and tried again the next time.
   */
  async keep(): Promise<boolean> {
    const { host, chores, limit } = this.#options
    const failures = new Map<string, string>()
    let isSettling = false
    for (const chore of chores) {
      const dues = await this.#orTold('the networks of this host', failures, () => chore(host, limit()))
      isSettling ||= dues?.some((due) => due.isSettling === true) ?? false
      for (const due of dues?.filter((one) => one.isSettling !== true) ?? [])
        await this.#orTold(due.about, failures, () => this.#mend(due))
    }
    this.#told = failures
    return isSettling
  }

  async #mend(due: Due): Promise<void> {
    const { lock, report, dryRun, limit } = this.#options
    const signal = limit()
    // Alone: workers that have looked already would go on with what is changed or removed here.
    using _alone = dryRun ? undefined : await lock.takeAlone(signal)
    const plan = await due.plan(signal)
    if (plan === undefined) return
    if (dryRun) {
      report.wouldRun(due, plan.title, commandsOf(plan).map(shellLine))
      return
    }
    await runPlan(plan, signal, nobody)
    report.mended(due)
  }

  async #orTold<T>(about: string, failures: Map<string, string>, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (thrown) {
      const error = asOvsdError(thrown)
      // Told of once for everything, by who watches the connections.
      if (isOutage(error)) return undefined
      const words = `${error.code}: ${error.message}`
      failures.set(about, words)
      if (this.#told.get(about) !== words) this.#options.report.failed(about, error)
      return undefined
    }
  }
}
