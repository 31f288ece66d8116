import { CommandFailed, ToolMissing } from '../../errors.ts'
import { shellLine } from '../command.ts'
import { complaintsOf, type Complaint } from './complaints.ts'
import { byDescriptor, byPath } from './descriptor-path.ts'
import type { Member } from './member.ts'
import { failAll, sharedRun } from './shared-run.ts'
import type { Way } from './way.ts'

/** Many `ip -batch -` as one, the input of each after that of the one before it. */
export const batch: Way = {
  key({ tool, args, input, inside, okStatuses }) {
    const words = args.join(' ')
    const fits = tool === 'ip' && inside === undefined && okStatuses === undefined && /^(-force )?-batch -$/.test(words)
    // A backslash at its end would join the last line to the next command.
    return fits && input?.includes('\\') === false ? words : undefined
  },
  async together(members, runner) {
    const args = members[0]?.command.args ?? []
    const inputs = members.map(({ command }) => inputOf(command))
    const failure = await sharedRun(members, { tool: 'ip', args, input: inputs.join('') }, runner)
    if (failure === undefined) return []
    const own = failure instanceof ToolMissing ? [] : shared(complaintsOf(failure.said), inputs)
    const firstBad = own.findIndex((complaints) => complaints.length > 0)
    if (firstBad === -1) {
      failAll(members, failure)
      return []
    }
    const end = args.includes('-force') ? members.length : firstBad + 1
    for (const [i, member] of members.slice(0, end).entries()) answer(member, own[i] ?? [])
    return members.slice(end)
  },
}

function inputOf({ input = '', mentions }: Member['command']): string {
  const text = byDescriptor(input, mentions)
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}

/** The complaints about the lines of each input, with their numbers counted from its own first line. */
function shared(complaints: readonly Complaint[], inputs: readonly string[]): readonly (readonly Complaint[])[] {
  let end = 0
  return inputs.map((input) => {
    const before = end
    end += input.split('\n').length - 1
    return complaints
      .filter(({ line }) => line > before && line <= end)
      .map(({ words, line }) => ({ words, line: line - before }))
  })
}

function answer(member: Member, complaints: readonly Complaint[]): void {
  if (complaints.length === 0) {
    member.succeed()
    return
  }
  const said = complaints.map(({ words, line }) => `${words}Command failed -:${String(line)}`).join('\n')
  member.fail(new CommandFailed(shellLine(member.command), byPath(said, member.command.mentions), false, 'Failed'))
}
