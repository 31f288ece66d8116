import type { Joint } from '../command.ts'
import type { Runner } from '../runner.ts'
import { batch } from './batch.ts'
import { inside } from './inside.ts'
import { Line } from './line.ts'
import { Member } from './member.ts'
import { removal } from './removal.ts'
import { transaction } from './transaction.ts'
import type { Way } from './way.ts'

const WAYS: Readonly<Record<Joint, Way>> = { transaction, batch, inside, removal }

/**
 * A runner that lets commands which wait at the same moment share processes, where they say by `joint` that they may.
 * Each gets its own answer, as `runner` would give it by itself; only what a tool prints is lost when it succeeds in
 * company. A caller that stops while its command waits is rejected at once with the reason of its signal; once the
 * command is under way, when that has ended. The command ends early if all that share its process have stopped.
 */
export function jointRunner(runner: Runner): Runner {
  const lines = new Map<string, Line>()
  const lineFor = (way: Way, name: string): Line => {
    const line = lines.get(name) ?? new Line(way, runner)
    lines.set(name, line)
    return line
  }
  return async (command, signal) => {
    const key = command.joint === undefined ? undefined : WAYS[command.joint].key(command)
    if (command.joint === undefined || key === undefined) return runner(command, signal)
    signal?.throwIfAborted()
    const member = new Member(command, signal)
    lineFor(WAYS[command.joint], `${command.joint}\0${key}`).add(member)
    return member.answer
  }
}
