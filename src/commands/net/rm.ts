import { BaseCommand } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { removeNetwork, type RemovedNetwork } from '../../lib/plan/remove-network.ts'
import { Args, Flags } from '../../oclif.ts'
import { storeOf } from '../../store.ts'

export default class RemoveNetwork extends BaseCommand {
  static override summary = 'Remove a network'
  static override description = `Refuses as long as something is attached to it. Its bridge goes with it when that was made for it and nothing else is on it. Of one that the database has lost it removes the copy in the store, so that it does not come back.`
  static override examples = ['<%= config.bin %> net rm blue', '<%= config.bin %> net rm blue --force']
  static override args = { network: Args.string({ description: 'name of the network', required: true }) }
  static override flags = {
    ...stateFlags,
    force: Flags.boolean({ description: 'Detach what is attached to it' }),
  }
  static override live = { network: 'network' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(RemoveNetwork)
    const name = parseNetworkName(args.network)
    const store = storeOf(flags, (message) => {
      this.caution(message)
    })
    const outcome = await this.perform(flags, (host) => removeNetwork(host, name, { force: flags.force, store }))
    return this.answer(outcome, flags, describe)
  }
}

function describe({ network, bridge, ports, bridgeRemoved, status }: RemovedNetwork): string {
  if (status === 'forgotten')
    return `${network} removed: the database did not have it any more, and now the store has not`
  const besides = [
    ...(ports.length === 0 ? [] : [`${ports.length === 1 ? 'port' : 'ports'} ${ports.join(', ')}`]),
    ...(bridgeRemoved ? [`bridge ${bridge}`] : []),
  ]
  return `${network} removed${besides.length === 0 ? '' : `, and with it ${besides.join(' and ')}`}`
}
