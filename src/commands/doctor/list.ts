import { BaseCommand } from '../../base-command.ts'
import { CHECKS } from '../../lib/doctor/checks.ts'
import { painter } from '../../lib/ui/colour.ts'
import { table } from '../../lib/ui/table.ts'

export default class ListChecks extends BaseCommand {
  static override summary = 'List the checks of doctor'
  static override description = `Each check with what has to be so, and the checks that it needs: when one of those fails, it has nothing to say.`
  static override examples = ['<%= config.bin %> doctor list', '<%= config.bin %> doctor list --json']

  async run(): Promise<object> {
    const { flags } = await this.parse(ListChecks)
    const checks = CHECKS.map(({ id, title, needs }) => ({ id, title, needs }))
    const paint = painter(process.stdout)
    const rows = checks.map(({ id, title, needs }) => [id, title, needs.join(', ') || '-'])
    if (!flags.quiet) this.log(table(['CHECK', 'WHAT HAS TO BE SO', 'NEEDS'], rows, (text) => paint.bold(text)))
    return { checks }
  }
}
