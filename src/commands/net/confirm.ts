import { BaseCommand } from '../../base-command.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { confirmNetwork, type ConfirmedNetwork } from '../../lib/plan/confirm-network.ts'
import { Args } from '../../oclif.ts'

export default class ConfirmNetwork extends BaseCommand {
  static override summary = 'Keep a network that would otherwise be taken back'
  static override description = `A network that was made with --confirm-within is removed when the time is over, by a process of its own. Who can still type this on the host has not lost it.`
  static override examples = ['<%= config.bin %> net confirm blue']
  static override args = { network: Args.string({ description: 'name of the network', required: true }) }
  static override live = { network: 'network' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ConfirmNetwork)
    const name = parseNetworkName(args.network)
    const outcome = await this.perform(flags, (host) => confirmNetwork(host, name))
    return this.answer(outcome, flags, describe)
  }
}

const describe = ({ network, status }: ConfirmedNetwork): string =>
  status === 'confirmed' ? `${network} stays` : `${network} stays anyway: it waits for no confirmation`
