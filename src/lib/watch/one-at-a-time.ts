/** Work that never runs twice at once: who asks while it runs has it run once more, afterwards. */
export class OneAtATime {
  readonly #work: () => Promise<void>
  readonly #rest: () => void
  #isRunning = false
  #again = false

  /** `work` must not reject; `rest` is called when nobody has asked for more. */
  constructor(work: () => Promise<void>, rest: () => void) {
    this.#work = work
    this.#rest = rest
  }

  ask(): void {
    this.#again = true
    if (!this.#isRunning) void this.#run()
  }

  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#again) {
      this.#again = false
      await this.#work()
    }
    this.#isRunning = false
    this.#rest()
  }
}
