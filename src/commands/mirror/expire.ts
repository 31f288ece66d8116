import { BaseCommand } from '../../base-command.ts'
import { removeExpired } from '../../lib/plan/remove-mirror.ts'

/** Run by the process that `mirror create --ttl` leaves behind, when the time is over. */
export default class ExpireMirrors extends BaseCommand {
  static override hidden = true
  static override summary = 'Remove the mirrors whose time is over'

  async run(): Promise<object> {
    const { flags } = await this.parse(ExpireMirrors)
    const outcome = await this.perform(flags, removeExpired)
    return this.answer(outcome, flags, ({ removed }) =>
      removed.length === 0 ? 'Nothing to remove.' : `${removed.map(({ mirror }) => mirror).join(', ')} removed`,
    )
  }
}
