import { BaseCommand } from '../../base-command.ts'
import { stateFlags } from '../../flags.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { called, networksOf } from '../../lib/network/networks.ts'
import { removeNetwork, type RemovedNetwork } from '../../lib/plan/remove-network.ts'
import { SOCKET } from '../../lib/plugin/socket.ts'
import { socketsOf } from '../../lib/plugin/state-ask.ts'
import { tellDeleted } from '../../lib/plugin/tell-deleted.ts'
import { Args, Flags } from '../../oclif.ts'
import { storeOf } from '../../store.ts'

export default class RemoveNetwork extends BaseCommand {
  static override summary = 'Remove a network'
  static override description = `Refuses as long as something is attached to it. Its bridge goes with it when that was made for it and nothing else is on it. Of one that the database has lost it removes the copy in the store, so that it does not come back. A driver of Docker that runs is told of one that Docker has made, so that its copy goes, too.`
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
    let docker: string | undefined
    const outcome = await this.perform(flags, async (host) => {
      const found = called(name, await networksOf(host))
      docker = host.isDefaultDatabase && found !== undefined && 'spec' in found ? found.spec.docker : undefined
      return await removeNetwork(host, name, { force: flags.force, store })
    })
    // A driver has a store of its own, from which it would put back what it takes for lost.
    if (docker !== undefined && !flags['dry-run']) await tellDeleted(socketsOf(SOCKET, false), docker)
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
