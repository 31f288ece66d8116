import type { Command } from '../system/command.ts'

/** One idempotent change of the host. */
export interface Step {
  /** noun.verb, stable: tests and logs name steps by it. */
  readonly id: string
  /** What it does, for people: "Add port 12ab…_l to br0". */
  readonly title: string
  /** The commands that `apply` runs, as --dry-run prints them. */
  commands(): readonly Command[]
  /** Whether the host is already as `apply` would leave it. Changes nothing. */
  isDone(signal: AbortSignal): Promise<boolean>
  /** Who wants to be told what it is at while it is applied, a line at a time: for what takes minutes. */
  tells?(listener: (line: string) => void): void
  /** Makes the change; leaves it half-made at worst, which `undo` can cope with. */
  apply(signal: AbortSignal): Promise<void>
}

/** A step with its reverse, which works after a complete, a half-made and a missing change alike. */
export interface ReversibleStep extends Step {
  undo(signal: AbortSignal): Promise<void>
  /** What stays changed although everything is undone, because there is nothing worth going back to; in words. */
  readonly keeps?: string
  /** The step whose undo takes this one's work away too: there is nothing of its own to undo, and nothing to tell. */
  readonly goesWith?: string
  /** What stays on the host if `undo` fails, e.g. "port 12ab…_l on br0". */
  readonly leaves: string
}

/** Steps of one stage are independent of each other and run side by side; stages follow one another. */
export type Stages<S extends Step> = readonly (readonly S[])[]

/** Stops at the first failure and undoes everything: so every step must be reversible. */
export interface SetUp {
  readonly onFailure: 'unwind'
  readonly title: string
  readonly stages: Stages<ReversibleStep>
}

/** Does all it can and reports what it could not. */
export interface TearDown {
  readonly onFailure: 'continue'
  readonly title: string
  readonly stages: Stages<Step & { readonly leaves: string }>
}

/** What will be done, as a value: it can be printed, tested and compared before anything changes. */
export type Plan = SetUp | TearDown

/** Every step of a plan in order. */
export function stepsOf(plan: Plan): readonly Step[] {
  return (plan.stages as Stages<Step>).flat()
}

/** Every command of a plan in order. */
export function commandsOf(plan: Plan): readonly Command[] {
  return stepsOf(plan).flatMap((step) => step.commands())
}
