// The only file that imports listr2: it draws what runPlan does, and decides nothing.
import { Listr, ListrLogger, ListrLogLevels, ProcessOutput, type ListrDefaultRendererLogLevels } from 'listr2'
import { messageOf } from '../errors.ts'
import { stepsOf, type Plan, type Step } from '../plan/step.ts'
import { plainText } from '../ui/plain-text.ts'
import type { Observer } from './observer.ts'

/** stdout belongs to the result; progress goes to stderr. */
const toStderr = <Level extends string>(): ListrLogger<Level> =>
  new ListrLogger<Level>({ processOutput: new ProcessOutput(process.stderr, process.stderr) })

/** Where lines are not drawn over, as listr2 does it only with stdout on the terminal too, one for each step is enough. */
class EndsOnly extends ListrLogger<ListrLogLevels> {
  override log(...[level, ...rest]: Parameters<ListrLogger<ListrLogLevels>['log']>): void {
    if (level !== ListrLogLevels.STARTED) super.log(level, ...rest)
  }
}

/** Draws a plan as a listr2 task list on stderr, and undoing as a second one. */
export class Pipeline implements Observer {
  readonly #ends = new Map<Step, PromiseWithResolvers<undefined>>()
  /** Where what a step says is drawn, below its title. */
  readonly #tasks = new Map<Step, { output: string }>()
  readonly #undos = new Map<Step, PromiseWithResolvers<undefined>>()
  #drawings: Promise<unknown> = Promise.resolve()

  begins(plan: Plan): void {
    const steps = stepsOf(plan)
    for (const step of steps) this.#ends.set(step, settled())
    this.#draw(
      steps.map((step) => ({
        title: step.title,
        task: (_, task) => {
          this.#tasks.set(step, task)
          return this.#ends.get(step)?.promise
        },
      })),
    )
  }

  started(): void {
    // listr2 shows a spinner for the task it waits for; nothing to tell it.
  }

  says(step: Step, line: string): void {
    const task = this.#tasks.get(step)
    if (task !== undefined) task.output = plainText(line)
  }

  ended(step: Step, error?: unknown): void {
    finish(this.#ends.get(step), error)
  }

  undoing(step: Step): void {
    // The first failure ended the first list: what never ran is not part of the drawing any more.
    for (const end of this.#ends.values()) end.reject(new Error('not done'))
    const undo = settled()
    this.#undos.set(step, undo)
    this.#draw([{ title: `Undo: ${step.title}`, task: () => undo.promise }])
  }

  undone(step: Step, error?: unknown): void {
    finish(this.#undos.get(step), error)
  }

  async finished(): Promise<void> {
    for (const end of [...this.#ends.values(), ...this.#undos.values()]) end.reject(new Error('not done'))
    await this.#drawings
  }

  #draw(tasks: readonly Task[]): void {
    // Made only when the drawing before has ended: while one is drawn, listr2 keeps stderr to itself, and a list made
    // in that time would take that for the real stream and put it back at its own end.
    this.#drawings = this.#drawings.then(() => list(tasks).run()).catch(() => undefined)
  }
}

interface Task {
  readonly title: string
  readonly task: (context: unknown, task: { output: string }) => Promise<undefined> | undefined
}

function list(tasks: readonly Task[]): Listr {
  return new Listr([...tasks], {
    concurrent: false,
    exitOnError: true,
    registerSignalListeners: false,
    rendererOptions: {
      logger: toStderr<ListrDefaultRendererLogLevels>(),
      // The error itself is printed once, at the end, with what to do next.
      showErrorMessage: false,
    },
    fallbackRendererOptions: {
      logger: new EndsOnly({ processOutput: new ProcessOutput(process.stderr, process.stderr) }),
    },
    fallbackRendererCondition: () => process.stderr.columns === 0,
  })
}

/** A promise that nobody has to wait for. */
function settled(): PromiseWithResolvers<undefined> {
  const made = Promise.withResolvers<undefined>()
  made.promise.catch(() => undefined)
  return made
}

function finish(end: PromiseWithResolvers<undefined> | undefined, error: unknown): void {
  if (error === undefined) end?.resolve(undefined)
  else end?.reject(new Error(messageOf(error)))
}
