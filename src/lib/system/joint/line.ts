import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Runner } from '../runner.ts'
import type { Member } from './member.ts'
import { alone } from './shared-run.ts'
import type { Way } from './way.ts'

/** At 4 ms for a process inside a namespace, a group takes half a second on two processors. */
const MOST = 256
/** Of arguments together. ovs-vsctl writes all of them into the system's log and the database's, too. */
const MOST_BYTES = 500_000

/**
 * Where commands wait that may share a process. What comes in one turn of the event loop goes together; what comes while
 * a group runs goes together after it.
 */
export class Line {
  readonly #way: Way
  readonly #runner: Runner
  #waiting: Member[] = []
  #isMoving = false

  constructor(way: Way, runner: Runner) {
    this.#way = way
    this.#runner = runner
  }

  add(member: Member): void {
    this.#waiting.push(member)
    if (!this.#isMoving) void this.#move()
  }

  async #move(): Promise<void> {
    this.#isMoving = true
    for (;;) {
      await nextTurn()
      const group = this.#take()
      if (group.length === 0) break
      const unserved = await this.#serve(group)
      for (const member of unserved) member.waitAgain()
      this.#waiting.unshift(...unserved)
    }
    this.#isMoving = false
  }

  /** The next group, from the front; those whose caller has stopped were answered already. */
  #take(): readonly Member[] {
    this.#waiting = this.#waiting.filter((member) => !member.isStopped)
    let bytes = 0
    const end = this.#waiting.findIndex(({ command }, i) => {
      bytes += Buffer.byteLength(command.args.join(' '))
      return i > 0 && (i >= MOST || bytes > MOST_BYTES)
    })
    const group = this.#waiting.splice(0, end === -1 ? Infinity : end)
    for (const member of group) member.begin()
    return group
  }

  /** Gives those that still have to be run. */
  async #serve(group: readonly Member[]): Promise<readonly Member[]> {
    const [first] = group
    try {
      if (first !== undefined && group.length === 1) await alone(first, this.#runner)
      else return await this.#way.together(group, this.#runner)
    } catch (error) {
      // Nobody may be left without an answer.
      for (const member of group) member.fail(error)
    }
    return []
  }
}
