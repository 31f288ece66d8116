// Ways to mend what a check has found.
import type { Step } from '../plan/step.ts'
import { netnsInode, openNetns } from '../system/netns.ts'
import { shellLine, type Command } from '../system/command.ts'
import type { Host } from '../host.ts'
import type { Prepared } from '../plan/prepared.ts'
import type { Fix } from './check.ts'

/** For a person to type, or to decide: --fix does not do it. */
export const typed = (...lines: readonly string[]): Fix => ({ lines })

/** A command of ovsd's own, and the recipe that is behind it. */
export const recipe = (line: string, safe: (host: Host) => Promise<Prepared<object>>): Fix => ({ lines: [line], safe })

/**
 * Commands that --fix may run, in this order. `left` says what stays as it is when one of them fails; `id` is that of the
 * steps in logs.
 */
export function runs(id: string, left: string, ...commands: readonly Command[]): Fix {
  const lines = commands.map(shellLine)
  const safe = (host: Host): Promise<Prepared<object>> =>
    Promise.resolve({
      plan: { onFailure: 'continue', title: left, stages: commands.map((one) => [stepOf(host, id, left, one)]) },
      result: {},
    })
  return { lines, safe }
}

const stepOf = (host: Host, id: string, leaves: string, command: Command): Step & { readonly leaves: string } => ({
  ...{ id, leaves, title: shellLine(command) },
  commands: () => [command],
  // What is mended was seen a moment ago, and saying it twice changes nothing.
  isDone: () => Promise.resolve(false),
  apply: async (signal) => {
    await host.run(command, signal)
  },
})

/**
 * The same inside the network namespace at a path, which is `whose` in errors. It is opened when the commands run, and who has
 * another life of the container by then is not touched: the path is then another's, or nobody's.
 */
export function runsInside(
  id: string,
  path: string,
  whose: string,
  ...commands: readonly Omit<Command, 'inside'>[]
): Fix {
  const inode = netnsInode(path)
  const lines = commands.map((one) => `nsenter --net=${path} ${shellLine(one)}`)
  const safe = (host: Host): Promise<Prepared<object>> => {
    const inside = openNetns(path, whose)
    const isSame = inside.inode === inode
    const stages = (isSame ? commands : []).map((one) => [stepOf(host, id, whose, { ...one, inside })])
    return Promise.resolve({
      plan: { onFailure: 'continue', title: whose, stages },
      result: {},
      [Symbol.dispose]: () => {
        inside[Symbol.dispose]()
      },
    })
  }
  return { lines, safe }
}
