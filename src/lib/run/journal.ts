import { firstLine } from '../errors.ts'
import type { ReversibleStep } from '../plan/step.ts'
import type { Observer } from './observer.ts'

/** How long undoing all may take: it must end even when a daemon hangs, and say what it could not undo. */
const UNWIND_LIMIT_MS = 30_000

/** What has been begun, so that it can be undone newest first. */
export class Journal {
  readonly #steps: ReversibleStep[] = []

  /** Call before the change: a step that was stopped half-way has to be undone too. */
  record(steps: readonly ReversibleStep[]): void {
    this.#steps.push(...steps)
  }

  /** What stays although everything is undone. */
  get keeps(): readonly string[] {
    return this.#steps.flatMap(({ keeps }) => keeps ?? [])
  }

  get isEmpty(): boolean {
    return this.#steps.length === 0
  }

  /**
   * Undoes everything, newest first, going on past failures. Returns what is left on the host, with the reason.
   * It has a signal of its own: the one that stopped the plan is already aborted.
   */
  async unwind(observer: Observer): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(UNWIND_LIMIT_MS)
    const left: string[] = []
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      if (step.goesWith !== undefined || step.keeps !== undefined) continue
      try {
        observer.undoing(step)
        await step.undo(signal)
        observer.undone(step)
      } catch (error) {
        observer.undone(step, error)
        left.push(`${step.leaves} (${firstLine(error)})`)
      }
    }
    return left
  }
}
