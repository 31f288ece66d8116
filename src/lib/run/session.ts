import { setTimeout as pause } from 'node:timers/promises'
import { TimedOut } from '../errors.ts'
import type { Host } from '../host.ts'
import type { Prepared } from '../plan/prepared.ts'
import { commandsOf } from '../plan/step.ts'
import { shellLine } from '../system/command.ts'
import { takeLock } from '../system/lock.ts'
import { requirePrivileges } from '../system/privileges.ts'
import { requireTools } from '../system/runner.ts'
import type { Observer } from './observer.ts'
import { PlanFailed, runPlan } from './run-plan.ts'

/** One run of one command against a host. */
export interface Session {
  readonly host: Host
  readonly signal: AbortSignal
  readonly observer: Observer
  /** Plan, but change nothing. */
  readonly dryRun: boolean
  /** Called when another run of ovsd has to be waited for. */
  readonly waits?: () => void
}

/** What --dry-run answers: the lines that would have been run. */
export interface DryRun {
  readonly dryRun: true
  readonly commands: readonly string[]
}

export type Outcome<T> = T | DryRun

export const isDryRun = (outcome: object): outcome is DryRun => 'dryRun' in outcome

/** How often a command begins again because another host was faster to change what they share. */
const MOST_TRIES = 10
/** Most that it waits before it does, in milliseconds: two hosts are not to meet again. */
const APART_MS = 200

/**
 * Observe, plan, apply: `prepare` looks at the host and plans, under the host-wide lock so that what it saw stays true
 * until the plan is done. What hosts share has no such lock: when another one was faster, and the plan is undone, all of it begins
 * again. Errors: those of `prepare`, ToolMissing (before any change), PlanFailed, TearDownIncomplete.
 */
export async function perform<T extends object>(
  session: Session,
  prepare: () => Promise<Prepared<T>>,
): Promise<Outcome<T>> {
  if (!session.dryRun) requirePrivileges()
  const lock = session.dryRun ? undefined : await takeLock(session.signal, () => session.waits?.())
  try {
    return await performLocked(session, prepare)
  } finally {
    lock?.release()
  }
}

/** The same for who holds the lock. */
export async function performLocked<T extends object>(
  session: Session,
  prepare: () => Promise<Prepared<T>>,
): Promise<Outcome<T>> {
  for (let tries = 1; ; tries++) {
    try {
      return await performOnce(session, prepare)
    } catch (error) {
      if (!wasOvertaken(error) || tries === MOST_TRIES) throw error
      await unlessAborted(session.signal, pause(Math.random() * APART_MS))
    }
  }
}

async function performOnce<T extends object>(
  session: Session,
  prepare: () => Promise<Prepared<T>>,
): Promise<Outcome<T>> {
  using prepared = disposable(await unlessAborted(session.signal, prepare()))
  const { plan, result } = prepared
  if (session.dryRun) return { dryRun: true, commands: plan === undefined ? [] : commandsOf(plan).map(shellLine) }
  if (plan === undefined) return result
  requireTools(commandsOf(plan))
  await runPlan(plan, session.signal, session.observer)
  return result
}

/** Whether a plan failed because somebody else was faster, and nothing of it is left. */
const wasOvertaken = (error: unknown): boolean =>
  error instanceof PlanFailed && error.code === 'ChangedMeanwhile' && error.left.length === 0

/** The answer of `work`, or the signal's reason as soon as it is aborted: looking at the host may take as long as it likes. */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const stop = (): void => {
    reject(signal.reason as Error)
  }
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

function disposable<T extends Partial<Disposable>>(value: T): T & Disposable {
  return Object.assign(value, { [Symbol.dispose]: value[Symbol.dispose] ?? (() => undefined) })
}

/** A signal that ends with `outer`, or with TimedOut after `seconds`. The timer does not keep the process alive. */
export function withTimeout(outer: AbortSignal, seconds: number): AbortSignal {
  const limit = new AbortController()
  setTimeout(() => {
    limit.abort(new TimedOut(seconds))
  }, seconds * 1000).unref()
  return AbortSignal.any([outer, limit.signal])
}
