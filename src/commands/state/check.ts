import { BaseCommand } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { checkState, type StateCheck, type StateFinding } from '../../lib/state/check.ts'
import { painter } from '../../lib/ui/colour.ts'
import { plainLine } from '../../lib/ui/plain-text.ts'
import { table } from '../../lib/ui/table.ts'
import { storeOf } from '../../store.ts'

export default class CheckState extends BaseCommand {
  static override summary = 'Check the store, and compare it with the database'
  static override description = `Looks at every file of the store: whether it is whole, whose it is and who can read it, and whether the Open vSwitch database says the same. Changes nothing. The exit status is 1 when something should be done; what to type is said.`
  static override examples = ['<%= config.bin %> state check', '<%= config.bin %> state check --json']
  static override flags = stateFlags

  async run(): Promise<object> {
    const { flags } = await this.parse(CheckState)
    const store = storeOf(flags, () => undefined)
    const check = await this.look(flags, (host) => checkState(host, store))
    if (!flags.quiet) this.log(render(check))
    if (check.findings.some(({ wrong }) => wrong)) process.exitCode = 1
    return check
  }
}

function render({ folder, exists, findings }: StateCheck): string {
  const paint = painter(process.stdout)
  const heading = `Store: ${plainLine(folder)}${exists ? '' : ' (not there yet)'}`
  const rows = findings.map(({ file, network, state, message }) => [
    ...[state, plainLine(file ?? '-'), plainLine(network ?? '-'), plainLine(message ?? '')],
  ])
  const wrong = findings.filter(({ next }) => next !== null)
  return [
    heading,
    ...(rows.length === 0 ? [] : ['', table(['STATE', 'FILE', 'NETWORK', 'WHAT'], rows, paint.bold)]),
    ...(wrong.length === 0 ? [] : ['', ...wrong.map(advice)]),
  ].join('\n')
}

const advice = ({ file, network, next }: StateFinding): string =>
  plainLine(`${file ?? network ?? 'database'}: ${next ?? ''}`)
