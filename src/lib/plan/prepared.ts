import type { Plan } from './step.ts'

/** A plan with the answer that the command gives when it is done. `plan` is undefined when there is nothing to do. */
export interface Prepared<T> extends Partial<Disposable> {
  readonly plan: Plan | undefined
  readonly result: T
}
