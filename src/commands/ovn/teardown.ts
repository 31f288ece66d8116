import { BaseCommand } from '../../base-command.ts'
import { aloneAtCentral } from '../../lib/plan/ovn/alone-at-central.ts'
import { teardown, type TornDown } from '../../lib/plan/ovn/teardown.ts'
import { Flags } from '../../oclif.ts'

export default class OvnTeardown extends BaseCommand {
  static override summary = 'Remove the central that ovn bootstrap made on this host'
  static override description = `Its databases stay, and a later ovn bootstrap goes on with them, unless --delete-data is given. Refuses as long as hosts belong to it: they leave with ovn leave, this one too. A central that ovsd has not made stays; it only listens no more where ovn bootstrap --listen had it listen.`
  static override examples = ['<%= config.bin %> ovn teardown', '<%= config.bin %> ovn teardown --delete-data']
  static override flags = {
    'delete-data': Flags.boolean({ description: 'Delete the databases: every logical network is lost' }),
    force: Flags.boolean({ description: 'Although hosts still belong to it' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(OvnTeardown)
    const options = { deleteData: flags['delete-data'], force: flags.force }
    const outcome = await this.perform(flags, (host) =>
      flags['dry-run'] ? teardown(host, options) : aloneAtCentral(() => teardown(host, options)),
    )
    return this.answer(outcome, flags, describe)
  }
}

const DATA = { removed: ', and its databases', kept: '; its databases stay', none: '' } as const

function describe({ status, data, central }: TornDown): string {
  if (status === 'silenced') return 'Central is not ovsd’s; it listens no more where ovsd had it listen'
  if (status === 'removed') return `Central removed${DATA[data]}`
  return central === null
    ? 'Nothing to do: ovsd has made no central here'
    : 'Nothing to do: central is gone, and its databases stay; --delete-data deletes them'
}
