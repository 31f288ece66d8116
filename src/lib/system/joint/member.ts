import type { Command } from '../command.ts'
import type { Output } from '../runner.ts'

const SILENT: Output = { stdout: '', stderr: '', status: 0 }

/** A command that may run together with others, and whoever waits for its answer. */
export class Member {
  readonly command: Command
  readonly signal: AbortSignal | undefined
  /** What the caller gets. Errors: those of Runner, and the reason of its signal. */
  readonly answer: Promise<Output>
  readonly #resolve: (output: Output) => void
  readonly #reject: (error: unknown) => void
  #isUnderWay = false

  constructor(command: Command, signal: AbortSignal | undefined) {
    const { promise, resolve, reject } = Promise.withResolvers<Output>()
    this.command = command
    this.signal = signal
    this.answer = promise
    this.#resolve = resolve
    this.#reject = reject
    signal?.addEventListener('abort', this.#leave)
  }

  /** True once the caller wants no more of it. */
  get isStopped(): boolean {
    return this.signal?.aborted === true
  }

  /** From now on a caller that stops waits for the end all the same, so that it undoes nothing that still runs. */
  begin(): void {
    this.#isUnderWay = true
  }

  /** Back to waiting: nothing of the command was run. */
  waitAgain(): void {
    this.#isUnderWay = false
    if (this.isStopped) this.#leave()
  }

  succeed(output = SILENT): void {
    this.#settle(() => {
      this.#resolve(output)
    })
  }

  fail(error: unknown): void {
    this.#settle(() => {
      this.#reject(error)
    })
  }

  /** Whatever came out: to a caller that has stopped, it has stopped. */
  #settle(act: () => void): void {
    this.signal?.removeEventListener('abort', this.#leave)
    if (this.isStopped) this.#reject(this.signal?.reason)
    else act()
  }

  readonly #leave = (): void => {
    if (!this.#isUnderWay) this.fail(undefined)
  }
}
