import { BaseCommand } from '../base-command.ts'
import { ERROR_ENTRIES } from '../lib/error-entries.ts'
import { BadInput } from '../lib/errors.ts'
import { closest } from '../lib/ui/closest.ts'
import { painter } from '../lib/ui/colour.ts'
import { wrapped } from '../lib/ui/wrapped.ts'
import { Args } from '../oclif.ts'

export default class Explain extends BaseCommand {
  static override summary = 'Explain the code of an error'
  static override description = `Says what happened, why, and what to do about it, as ovsd-errors(7) does. The code of an error is printed with --json, and in the log of the daemons.`
  static override examples = ['<%= config.bin %> explain AddressInUse', '<%= config.bin %> explain AddressInUse --json']
  static override args = { code: Args.string({ description: 'code of an error, e.g. AddressInUse', required: true }) }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(Explain)
    const codes = Object.keys(ERROR_ENTRIES)
    const code = codes.find((one) => one.toLowerCase() === args.code.toLowerCase())
    const text = code === undefined ? undefined : ERROR_ENTRIES[code]
    if (code === undefined || text === undefined)
      throw new BadInput(
        'CODE',
        `No error has the code ${JSON.stringify(args.code.slice(0, 80))}. All of them: man ovsd-errors`,
        closest(args.code, codes) ?? 'AddressInUse',
      )
    const paragraphs = text.map((one) => wrapped(one, process.stdout.columns))
    if (!flags.quiet) this.log([painter(process.stdout).bold(code), ...paragraphs].join('\n\n'))
    return { code, explanation: text }
  }
}
