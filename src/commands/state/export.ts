import { resolve } from 'node:path'
import { BaseCommand } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { BadInput } from '../../lib/errors.ts'
import { collectState } from '../../lib/state/collect.ts'
import { writeDocument } from '../../lib/state/document.ts'
import { writeExport } from '../../lib/state/export-file.ts'
import { Args } from '../../oclif.ts'
import { storeOf } from '../../store.ts'

/** What `state export FILE` answers. */
export interface ExportedState {
  readonly file: string
  readonly networks: number
  readonly attachments: number
  readonly files: number
}

const GOOD = '/root/ovsd-state.json'

export default class ExportState extends BaseCommand {
  static override summary = 'Write down everything that could not be found out again'
  static override description = `Prints one JSON document with the networks and the records of persistent attachments that the Open vSwitch database has, and with what only the store has. The same state is the same text. With FILE it is written there, for its owner only; a file of that name is replaced.`
  static override examples = [
    '<%= config.bin %> state export /root/ovsd-state.json',
    '<%= config.bin %> state export > ovsd-state.json',
  ]
  static override args = { file: Args.string({ description: 'file to write in place of standard output' }) }
  static override flags = stateFlags

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(ExportState)
    // To most programs it means standard output: a file of that name is not what is meant, and is hard to remove.
    if (args.file === '-')
      throw new BadInput('FILE', '"-" is not a file. Without FILE it goes to standard output.', GOOD)
    const store = storeOf(flags, (message) => {
      this.caution(message)
    })
    const state = await this.look(flags, (host) => collectState(host, store))
    const text = writeDocument(state)
    if (args.file === undefined) {
      if (!flags.quiet) this.log(text)
      return JSON.parse(text)
    }
    const file = resolve(args.file)
    if (!flags['dry-run']) await writeExport(file, `${text}\n`)
    const { networks, attachments, entries } = state
    const counts = [
      count(networks.length, 'network'),
      count(attachments.length, 'attachment'),
      count(entries.length, 'file', ' of the store'),
    ]
    if (!flags.quiet) this.log(`${flags['dry-run'] ? '# would be written: ' : ''}${file}: ${counts.join(', ')}`)
    return {
      ...{ file, networks: networks.length, attachments: attachments.length, files: entries.length },
    } satisfies ExportedState
  }
}

const count = (n: number, what: string, more = ''): string => `${String(n)} ${what}${n === 1 ? '' : 's'}${more}`
