import { firstLine, Interrupted, messageOf, OvsdError, TimedOut } from '../errors.ts'
import type { Plan, SetUp, Step, TearDown } from '../plan/step.ts'
import { Journal } from './journal.ts'
import type { Observer } from './observer.ts'

/** A set-up that failed, after it was undone. Code of its cause; status 1, or 3 when something is left, or 130 / 143. */
export class PlanFailed extends OvsdError {
  constructor(
    plan: SetUp,
    cause: unknown,
    before: { readonly begun: boolean; readonly keeps: readonly string[] },
    left: readonly string[],
  ) {
    const known = cause instanceof OvsdError ? cause : undefined
    const state =
      left.length > 0 ? 'Not everything could be undone.' : before.begun ? undone(before.keeps) : 'Nothing was changed.'
    super(
      known?.code ?? 'Unexpected',
      `${plan.title}: ${messageOf(cause)}\n${state}`,
      { cause, left, ...nextOf(left.length > 0 ? CLEAN_UP : (known?.next ?? (wasStopped(known) ? undefined : TRACE))) },
      left.length > 0 ? 3 : (known?.status ?? 1),
    )
  }
}

const undone = (keeps: readonly string[]): string =>
  keeps.length === 0
    ? 'Everything done so far was undone; the host is as before.'
    : `Everything else was undone; ${keeps.join('; ')}.`
const CLEAN_UP = 'Repeat the command, or remove what is named above; ovsd gc removes dead ports and links'
const wasStopped = (error: OvsdError | undefined): boolean => error instanceof Interrupted || error instanceof TimedOut
const nextOf = (next: string | undefined): { next?: string } => (next === undefined ? {} : { next })
const TRACE = 'Run it again with --verbose to see every command.'

/** A tear-down that did what it could. Status 3: something is left. */
export class TearDownIncomplete extends OvsdError {
  /** What happened to each step that failed, in the order of `left`. */
  readonly reasons: readonly unknown[]
  constructor(plan: TearDown, left: readonly string[], reasons: readonly unknown[]) {
    const next = 'Repeat the command; ovsd gc removes dead ports and links; links of other tools: ip link del dev NAME'
    super('TearDownIncomplete', `${plan.title}: not everything could be removed.`, { left, next }, 3)
    this.reasons = reasons
  }
}

/**
 * Runs a plan. A set-up either completes or is undone (PlanFailed); a tear-down goes on past failures
 * (TearDownIncomplete). `signal` stops between steps and ends the running tools.
 */
export async function runPlan(plan: Plan, signal: AbortSignal, observer: Observer): Promise<void> {
  observer.begins(plan)
  try {
    await (plan.onFailure === 'unwind' ? setUp(plan, signal, observer) : tearDown(plan, signal, observer))
  } finally {
    await observer.finished()
  }
}

async function setUp(plan: SetUp, signal: AbortSignal, observer: Observer): Promise<void> {
  const journal = new Journal()
  try {
    for (const stage of plan.stages) {
      signal.throwIfAborted()
      journal.record(stage)
      // All of a stage end before anything is undone: undoing beside a running change would race with it.
      const failure = (await runStage(stage, signal, observer)).find((outcome) => outcome !== undefined)
      if (failure !== undefined) throw reasonFor(signal, failure.error)
    }
    signal.throwIfAborted()
  } catch (error) {
    const before = { begun: !journal.isEmpty, keeps: journal.keeps }
    throw new PlanFailed(plan, reasonFor(signal, error), before, await journal.unwind(observer))
  }
}

/** A tool that was stopped says only that it was stopped; why is what the signal knows. */
function reasonFor(signal: AbortSignal, error: unknown): unknown {
  const { reason } = signal as { reason: unknown }
  return signal.aborted && (reason instanceof Interrupted || reason instanceof TimedOut) ? reason : error
}

async function tearDown(plan: TearDown, signal: AbortSignal, observer: Observer): Promise<void> {
  const left: string[] = []
  const reasons: unknown[] = []
  for (const stage of plan.stages) {
    const outcomes = signal.aborted
      ? stage.map((step) => ({ step, error: reasonFor(signal, signal.reason) }))
      : await runStage(stage, signal, observer)
    for (const outcome of outcomes) {
      if (outcome === undefined) continue
      // A tool that was stopped may have done its work; and some of what nobody began was not there.
      if (signal.aborted && (await isGone(outcome.step))) continue
      const reason = reasonFor(signal, outcome.error)
      reasons.push(reason)
      left.push(`${outcome.step.leaves} (${firstLine(reason)})`)
    }
  }
  if (left.length === 0) return
  throw new TearDownIncomplete(plan, left, reasons)
}

/** How long an interrupted tear-down looks for what is left of a step, in milliseconds. */
const LOOK_MS = 2000

async function isGone(step: Step): Promise<boolean> {
  try {
    return await step.isDone(AbortSignal.timeout(LOOK_MS))
  } catch {
    return false
  }
}

/** Runs the steps of a stage side by side; gives the failures, undefined for each success. */
async function runStage<S extends Step>(stage: readonly S[], signal: AbortSignal, observer: Observer) {
  return Promise.all(
    stage.map(async (step) => {
      observer.started(step)
      step.tells?.((line) => observer.says?.(step, line))
      try {
        await step.apply(signal)
        observer.ended(step)
        return undefined
      } catch (error) {
        observer.ended(step, error)
        return { step, error }
      }
    }),
  )
}
