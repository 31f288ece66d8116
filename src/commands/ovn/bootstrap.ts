import { BaseCommand } from '../../base-command.ts'
import { chassisWordsOf } from '../../chassis-words.ts'
import { chassisFlags, longTimeout } from '../../flags.ts'
import { aloneAtCentral } from '../../lib/plan/ovn/alone-at-central.ts'
import { bootstrap, type Bootstrapped } from '../../lib/plan/ovn/bootstrap.ts'
import { Flags } from '../../oclif.ts'

export default class OvnBootstrap extends BaseCommand {
  static override summary = 'Bring this host from nothing to a working OVN'
  static override description = `Looks for a central that this host knows and that answers; else makes one in a Docker container, in a network of its own, with its databases in a volume. Then makes this host a chassis of it, as ovn join does, and ends when central and this host are in step. A second run changes nothing, and what is missing is put back by it. Without --listen its databases are published on no address of this host.`
  static override examples = [
    '<%= config.bin %> ovn bootstrap',
    '<%= config.bin %> ovn bootstrap --central local --listen 192.0.2.1 --insecure',
    '<%= config.bin %> ovn bootstrap --central docker --network my-overlay --encap-ip 192.0.2.1',
  ]
  static override flags = {
    ...longTimeout,
    ...chassisFlags,
    central: Flags.string({
      description: 'docker, local (the ovn-central of the distribution), or where it is: tcp:HOST or ssl:HOST',
      helpValue: 'KIND',
    }),
    southbound: Flags.string({
      description: 'The southbound database, if it is not beside the other one',
      helpValue: 'CONNECTION',
    }),
    network: Flags.string({ description: 'Docker network of central (default: transit-overlay)', helpValue: 'NAME' }),
    image: Flags.string({ description: 'Image of central; built if there is none of that name', helpValue: 'NAME' }),
    listen: Flags.string({ description: 'Address of this host on which others reach central', helpValue: 'ADDRESS' }),
    restore: Flags.boolean({ description: 'Begin with empty databases although networks were in some that are lost' }),
  }

  async run(): Promise<object> {
    const { flags } = await this.parse(OvnBootstrap)
    const { central, southbound, network, image, listen, restore } = flags
    const words = { ...chassisWordsOf(flags), central, southbound, network, image, listen, restore }
    const outcome = await this.perform(flags, (host) =>
      flags['dry-run'] ? bootstrap(host, words) : aloneAtCentral(() => bootstrap(host, words)),
    )
    return this.answer(outcome, flags, describe)
  }
}

function describe({ status, systemId, southbound, encapTypes, encapIp, container }: Bootstrapped): string {
  const where = container === null ? southbound : `${southbound} (container ${container.container})`
  const how = `chassis ${systemId} of ${where}, ${encapTypes.join(' and ')} at ${encapIp}`
  return status === 'unchanged' ? `Nothing to do: this host is ${how}` : `This host is ${how}`
}
