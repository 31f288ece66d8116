import { availableParallelism } from 'node:os'
import { isPlain, type Command } from '../command.ts'
import type { Runner } from '../runner.ts'
import { sideBySide } from '../side-by-side.ts'
import { byDescriptor, descriptorPath } from './descriptor-path.ts'
import type { Member } from './member.ts'
import { namelessFiles } from './nameless-files.ts'
import { alone, sharedRun } from './shared-run.ts'
import type { Way } from './way.ts'

/**
 * Many commands inside namespaces, started by one xargs, several at a time: a process costs Node more than it costs a
 * small tool. xargs tells that some failed and not which, so then each one runs again by itself.
 */
export const inside: Way = {
  key(command) {
    const { inside: netns, mentions, okStatuses, args, input } = command
    const fits = netns !== undefined && mentions === undefined && okStatuses === undefined && args.every(isPlain)
    return fits && (input === undefined || takesFile(command)) ? '' : undefined
  },
  async together(members, runner) {
    if (!(await throughXargs(members, runner))) await sideBySide(members, (member) => alone(member, runner))
    return []
  },
}

/** How ip takes the text of its standard input from a file as well. */
const takesFile = ({ tool, args }: Command): boolean => tool === 'ip' && args.join(' ').endsWith('-batch -')

/** Twice as many as processors: ovs-vswitchd is at work at the same time, and would otherwise get half of them. */
const PROCESSES = String(2 * Math.max(2, availableParallelism()))

/** True when everybody has an answer. */
async function throughXargs(members: readonly Member[], runner: Runner): Promise<boolean> {
  const texts = members.map(({ command: { input, inside: netns } }) => input && byDescriptor(input, netns))
  let files
  try {
    files = namelessFiles(texts)
  } catch {
    // No room, or no more descriptors: by itself, each command gets its input through a pipe.
    return false
  }
  using opened = files
  const lines = members.map(({ command }, i) => `${lineOf(command, opened.paths[i])}\n`)
  const command: Command = {
    tool: 'xargs',
    args: ['-L', '1', '-P', PROCESSES, 'nsenter'],
    input: lines.join(''),
  }
  return (await sharedRun(members, command, runner)) === undefined
}

/** What nsenter is given; xargs takes it apart at its blanks. `file` is read in the place of standard input. */
function lineOf({ inside: netns, tool, args }: Command, file: string | undefined): string {
  const words = args.map((argument) => byDescriptor(argument, netns))
  const last = file === undefined ? words : [...words.slice(0, -1), file]
  return [`--net=${descriptorPath(netns?.fd ?? -1)}`, tool, ...last].join(' ')
}
