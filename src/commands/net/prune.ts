import { BaseCommand } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { pruneNetworks, type PrunedNetworks } from '../../lib/plan/remove-network.ts'
import { storeOf } from '../../store.ts'

export default class PruneNetworks extends BaseCommand {
  static override summary = 'Remove the networks that nobody is in'
  static override description = `A network stays when something is attached to it, or will be again when its container starts.`
  static override examples = ['<%= config.bin %> net prune --dry-run', '<%= config.bin %> net prune']

  static override flags = stateFlags

  async run(): Promise<object> {
    const { flags } = await this.parse(PruneNetworks)
    const store = storeOf(flags, (message) => {
      this.caution(message)
    })
    const outcome = await this.perform(flags, (host) => pruneNetworks(host, store))
    return this.answer(outcome, flags, describe)
  }
}

function describe({ removed }: PrunedNetworks): string {
  const bridges = [...new Set(removed.flatMap(({ bridge, bridgeRemoved }) => (bridgeRemoved ? bridge : [])))]
  const names = removed.map(({ network }) => network).join(', ')
  return removed.length === 0
    ? 'There is no network that nobody is in.'
    : `${names} removed${bridges.length === 0 ? '' : `, and with ${removed.length === 1 ? 'it' : 'them'} bridge ${bridges.join(', ')}`}`
}
