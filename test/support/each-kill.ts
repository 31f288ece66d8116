// Loops over the calls of tools that a run of the real program makes: something happens at each of them in turn.
import { strict as assert } from 'node:assert'
import { killedWhen, wrappedTools, type Moment } from './wrapped-tools.ts'

/** One run to which something happens, or the last one, which gets to its end. */
export interface HitRun {
  /** PATH for it. */
  readonly path: string
  /** The number of the call, from 1; there may be passed over some that come after it (see eachKill). */
  readonly nth: number
  /** For messages, of a run that has ended: "at call 3". */
  readonly what: () => string
  /** To be asked when it has ended: whether it happened. Waits for the tool that it happened at. False is the last one. */
  readonly isReached: () => boolean
}

type Signal = 'KILL' | 'INT' | 'TERM'

/** A run for each call, and one more, to which nothing happens. */
export function* eachCall(how: (nth: number) => readonly [Moment, Signal]): Generator<HitRun> {
  for (let nth = 1; ; nth++) {
    using tools = wrappedTools(nth, ...how(nth))
    let calls = 0
    yield {
      ...{ path: tools.path, nth },
      what: () => `at call ${String(nth)}`,
      isReached: () => (calls = tools.calls()) >= nth,
    }
    if (calls < nth) return
  }
}

/** Which calls: those of `more` tools besides those that always count, and how many there are at least. */
export interface KillOptions {
  readonly more?: readonly string[]
  readonly atLeast: number
  /** For commands that start a tool which stays: after that one has worked would be never. Else by turns (killedWhen). */
  readonly moment?: 'before'
}

/**
 * Runs of one command, each killed (SIGKILL) at another call of a tool, and one that is not killed. A call that looks at the host
 * right after another look is passed over: nothing was changed between them, so what a run leaves that is killed there has been
 * seen with the look before. So each state of the host that a killed run can leave comes once: after each change, at the first
 * look after it (which has what ovsd itself may have done since, without a tool), and before anything was changed.
 *
 * For commands only that change the host by nothing but tools, and by files that they write beside one: not for daemons, whose
 * changes go over connections of their own, between two looks. Nor for signals and failures that ovsd answers: what it does then is
 * another thing at each call.
 */
export function* eachKill({ more = [], atLeast, moment }: KillOptions): Generator<HitRun> {
  for (let nth = 1, kills = 0; ; kills++) {
    using tools = wrappedTools(nth, moment ?? killedWhen(kills + 1), 'KILL', ':', more, true)
    // What the run leaves running may call tools, too, and be hit: that is not this run any more.
    let hit: number | undefined
    yield {
      ...{ path: tools.path, nth },
      what: () => (hit === undefined ? 'not killed' : `killed at call ${String(hit)}`),
      isReached() {
        hit = tools.hit()
        if (hit !== undefined) return true
        const calls = tools.calls()
        assert.ok(calls >= atLeast, `only ${String(calls)} calls`)
        console.log(`      killed at ${String(kills)} of ${String(calls)} calls`)
        return false
      },
    }
    if (hit === undefined) return
    nth = hit + 1
  }
}
