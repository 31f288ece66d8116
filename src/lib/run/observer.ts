import type { Plan, Step } from '../plan/step.ts'

/** Watches a plan run, to draw or log it. It never decides anything. */
export interface Observer {
  begins(plan: Plan): void
  started(step: Step): void
  /** What a step is at. */
  says?(step: Step, line: string): void
  ended(step: Step, error?: unknown): void
  undoing(step: Step): void
  undone(step: Step, error?: unknown): void
  /** Called last; resolves when everything has been drawn. */
  finished(): Promise<void>
}

/** Watches nothing. */
export const nobody: Observer = {
  begins: () => undefined,
  started: () => undefined,
  ended: () => undefined,
  undoing: () => undefined,
  undone: () => undefined,
  finished: () => Promise.resolve(),
}
