import { BaseCommand } from '../../base-command.ts'
import { comeBack } from '../../come-back.ts'
import { parseContainer } from '../../lib/docker/container-name.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { disconnectNetwork } from '../../lib/plan/disconnect-network.ts'
import { Args } from '../../oclif.ts'

export default class DisconnectNetwork extends BaseCommand {
  static override summary = 'Take a container out of a network'
  static override description = `Removes its interface and releases its addresses, whether or not the container runs or still exists. If labels of the container ask for the interface, ovsd watch attaches it again.`
  static override examples = ['<%= config.bin %> net disconnect blue web']
  static override args = {
    network: Args.string({ description: 'name of the network', required: true }),
    container: Args.string({ description: 'name, id, or beginning of the id', required: true }),
  }
  static override live = { network: 'network', container: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DisconnectNetwork)
    const [network, container] = [parseNetworkName(args.network), parseContainer(args.container)]
    const outcome = await this.perform(flags, (host) => disconnectNetwork(host, network, container))
    const answer = this.answer(
      outcome,
      flags,
      ({ removed }) =>
        `${container} is out of the network ${network}${removed.length === 0 ? '' : ` (port ${removed.join(', ')})`}`,
    )
    const warning = comeBack(outcome)
    if (warning !== undefined) this.caution(warning)
    return answer
  }
}
