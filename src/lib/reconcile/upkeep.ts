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
  /** Nothing was wrong, something was learnt: nobody is told that it was mended. */
  readonly isRoutine?: boolean
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
  /** What things could not be mended for at the last look, in words. */
  #told: ReadonlySet<string> = new Set()

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  /**
   * Looks at everything once, and mends it; true when something may be under way still, and is worth another look soon. Never rejects: what
   * fails is told, and tried again the next time.
   */
  async keep(): Promise<boolean> {
    const { host, chores, limit } = this.#options
    const failures = new Set<string>()
    let isSettling = false
    for (const chore of chores) {
      const dues = await this.#orTold('the networks of this host', failures, () => chore(host, limit()))
      for (const { about } of dues?.filter((due) => due.isSettling === true) ?? []) {
        isSettling = true
        // What is tried once more has been told of.
        for (const words of this.#told) if (words.startsWith(`${about}: `)) failures.add(words)
      }
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
    using _alone = dryRun ? undefined : await lock.takeAlone(signal, `upkeep of ${due.about}`)
    const plan = await due.plan(signal)
    if (plan === undefined) return
    if (dryRun) {
      report.wouldRun(due, plan.title, commandsOf(plan).map(shellLine))
      return
    }
    await runPlan(plan, signal, nobody)
    if (due.isRoutine !== true) report.mended(due)
  }

  async #orTold<T>(about: string, failures: Set<string>, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work()
    } catch (thrown) {
      const error = asOvsdError(thrown)
      // Told of once for everything, by who watches the connections.
      if (isOutage(error)) return undefined
      const words = `${about}: ${error.code}: ${error.message}`
      // Several chores may fail for one reason, or for reasons of their own.
      if (!this.#told.has(words) && !failures.has(words)) this.#options.report.failed(about, error)
      failures.add(words)
      return undefined
    }
  }
}
