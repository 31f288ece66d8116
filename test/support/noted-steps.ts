// Steps that note in a list what is done with them, and fail where the test wants it.
import type { Plan, ReversibleStep, SetUp, Step, TearDown } from '../../src/lib/plan/step.ts'
import type { Observer } from '../../src/lib/run/observer.ts'

export interface Behaviour {
  /** Thrown by apply, after it has begun. */
  readonly fails?: unknown
  /** Thrown by undo. */
  readonly undoFails?: unknown
  /** Awaited in the middle of apply. */
  readonly during?: (signal: AbortSignal) => unknown
}

/** Makes steps that write "a", "a done" and "undo a" into `log`. */
export function notedStep(log: string[], id: string, behaviour: Behaviour = {}): ReversibleStep {
  const { fails, undoFails, during } = behaviour
  return {
    id,
    title: `Do ${id}`,
    leaves: `thing ${id}`,
    commands: () => [{ tool: 'ip', args: ['link', 'show', id] }],
    isDone: () => Promise.resolve(false),
    async apply(signal) {
      log.push(id)
      await during?.(signal)
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what a plan does with it is what is tested
      if (fails !== undefined) throw fails
      log.push(`${id} done`)
    },
    undo(signal) {
      signal.throwIfAborted()
      log.push(`undo ${id}`)
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- the same
      return undoFails === undefined ? Promise.resolve() : Promise.reject(undoFails)
    },
  }
}

export const setUp = (...stages: readonly (readonly ReversibleStep[])[]): SetUp => ({
  onFailure: 'unwind',
  title: 'Build',
  stages,
})

export const tearDown = (...stages: readonly (readonly ReversibleStep[])[]): TearDown => ({
  onFailure: 'continue',
  title: 'Clear',
  stages,
})

/** Writes what an observer is told into `log`, with "!" for a failure. */
export function notingObserver(log: string[]): Observer {
  const note = (what: string) => (step: Step, error?: unknown) => {
    log.push(`${what} ${step.id}${error === undefined ? '' : '!'}`)
  }
  return {
    begins: (plan: Plan) => log.push(`begins ${plan.title}`),
    started: note('started'),
    ended: note('ended'),
    undoing: note('undoing'),
    undone: note('undone'),
    finished: () => Promise.resolve(log.push('finished')).then(() => undefined),
  }
}
