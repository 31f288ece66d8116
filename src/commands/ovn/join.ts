import { BaseCommand } from '../../base-command.ts'
import { chassisWordsOf } from '../../chassis-words.ts'
import { chassisFlags } from '../../flags.ts'
import { joinCloud, type JoinedCloud } from '../../lib/plan/ovn/join.ts'
import { Args, Flags } from '../../oclif.ts'

export default class OvnJoin extends BaseCommand {
  static override summary = 'Make this host a chassis of an OVN central'
  static override description = `Tells Open vSwitch where central is and how other hosts reach this one, makes br-int, starts ovn-controller unless it runs, and ends when central knows this host. CENTRAL is the connection to the northbound database, or to each member of a cluster, with commas between them; without it the one is meant that this host knows already, and what is missing is put back. A second run changes nothing.`
  static override examples = [
    '<%= config.bin %> ovn join ssl:192.0.2.1 --private-key /etc/openvswitch/key.pem --certificate /etc/openvswitch/cert.pem --ca-cert /etc/openvswitch/ca.pem',
    '<%= config.bin %> ovn join tcp:192.0.2.1 --insecure --encap-ip 192.0.2.7',
    '<%= config.bin %> ovn join tcp:192.0.2.1,tcp:192.0.2.2,tcp:192.0.2.3 --insecure',
  ]
  static override args = { central: Args.string({ description: 'tcp:HOST[:PORT] or ssl:HOST[:PORT], or several' }) }
  static override flags = {
    ...chassisFlags,
    southbound: Flags.string({
      description: 'The southbound database, if it is not beside the other one',
      helpValue: 'CONNECTION',
    }),
    restore: Flags.boolean({ description: 'Although its databases are others than those that this host knew' }),
  }

  async run(): Promise<object> {
    const { args, flags } = await this.parse(OvnJoin)
    const words = {
      ...chassisWordsOf(flags),
      central: args.central,
      southbound: flags.southbound,
      restore: flags.restore,
    }
    const outcome = await this.perform(flags, (host) => joinCloud(host, words))
    return this.answer(outcome, flags, describe)
  }
}

function describe({ status, systemId, southbound, encapTypes, encapIp }: JoinedCloud): string {
  const how = `chassis ${systemId} of ${southbound}, ${encapTypes.join(' and ')} at ${encapIp}`
  return status === 'unchanged' ? `Nothing to do: this host is ${how}` : `This host is ${how}`
}
