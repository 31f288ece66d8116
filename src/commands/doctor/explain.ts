import { BaseCommand } from '../../base-command.ts'
import { CHECKS } from '../../lib/doctor/checks.ts'
import { checkOf } from '../../lib/doctor/choose-checks.ts'
import { painter } from '../../lib/ui/colour.ts'
import { wrapped } from '../../lib/ui/wrapped.ts'
import { Args } from '../../oclif.ts'

export default class ExplainCheck extends BaseCommand {
  static override summary = 'Explain a check of doctor'
  static override description = `Says what a check looks at, why that matters, and which other checks it needs. ovsd explain does the same for the codes of errors.`
  static override examples = ['<%= config.bin %> doctor explain port.mtu']
  static override args = { check: Args.string({ description: 'id of the check, e.g. port.mtu', required: true }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ExplainCheck)
    const { id, title, about, needs } = checkOf(CHECKS, args.check)
    const paint = painter(process.stdout)
    const width = process.stdout.columns
    if (!flags.quiet)
      this.log(
        [
          `${paint.bold(id)}: ${title}`,
          '',
          wrapped(about, width),
          ...(needs.length === 0 ? [] : ['', `It needs ${needs.join(', ')}.`]),
          '',
          `Run it alone: ovsd doctor --only=${id}`,
        ].join('\n'),
      )
    return { id, title, about, needs }
  }
}
