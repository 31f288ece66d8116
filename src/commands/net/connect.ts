import { BaseCommand } from '../../base-command.ts'
import { parseContainer } from '../../lib/docker/container-name.ts'
import { parseNetworkName } from '../../lib/network/name.ts'
import { connectNetwork, type ConnectResult } from '../../lib/plan/connect-network.ts'
import { Args, Flags } from '../../oclif.ts'

export default class ConnectNetwork extends BaseCommand {
  static override summary = 'Attach a container to a network'
  static override description = `Gives the container an interface on the bridge and in the VLAN of the network, with an address from each of its subnets. The container keeps its addresses over restarts, when ovsd watch attaches it again, until it is disconnected, or removed: ovsd watch notices that at once, else ovsd gc does. The first network with a gateway gives it its default route.`
  static override examples = [
    '<%= config.bin %> net connect blue web',
    '<%= config.bin %> net connect blue web --ip=10.0.0.9 --interface=eth2',
  ]
  static override args = {
    network: Args.string({ description: 'name of the network', required: true }),
    container: Args.string({ description: 'name, id, or beginning of the id', required: true }),
  }
  static override flags = {
    ip: Flags.string({
      description: 'This address in place of a free one; one for each IP version',
      helpValue: 'IP',
      multiple: true,
      multipleNonGreedy: true,
      delimiter: ',',
    }),
    interface: Flags.string({
      description: 'Name of the interface inside the container (default: the first free one from eth1 on)',
      helpValue: 'NAME',
    }),
    macaddress: Flags.string({
      description: 'MAC address (default: derived from container and interface)',
      helpValue: 'MAC',
    }),
    'may-exist': Flags.boolean({ description: 'Succeed if the container is in the network already' }),
  }
  static override live = { network: 'network', container: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(ConnectNetwork)
    const words = {
      network: parseNetworkName(args.network),
      container: parseContainer(args.container),
      ...{ iface: flags.interface, ip: flags.ip, macaddress: flags.macaddress, mayExist: flags['may-exist'] },
    }
    const outcome = await this.perform(flags, (host) => connectNetwork(host, words))
    return this.answer(outcome, flags, describe)
  }
}

function describe({ network, container, port, addresses, gateways, mac, status, ...rest }: ConnectResult): string {
  const details = [...addresses, ...gateways.map((gateway) => `gateway ${gateway}`), `MAC ${mac}`, `port ${port}`]
  const verb = status === 'unchanged' ? 'was in' : 'is in'
  return `${rest.interface} of ${container} ${verb} the network ${network}: ${details.join(', ')}`
}
