import { BaseCommand } from '../../base-command.ts'
import { leaveCloud, type LeftCloud } from '../../lib/plan/ovn/leave.ts'
import { Flags } from '../../oclif.ts'

export default class OvnLeave extends BaseCommand {
  static override summary = 'Take this host out of OVN'
  static override description = `Takes back what ovn join or ovn bootstrap did here: ovn-controller ends if they started it, central forgets the chassis, Open vSwitch gets the settings that it had, and br-int goes if it was made then. Refuses as long as networks or ports of this host need OVN. Central stays as it is: see ovsd-ovn-teardown(8).`
  static override examples = ['<%= config.bin %> ovn leave', '<%= config.bin %> ovn leave --dry-run']
  static override flags = { force: Flags.boolean({ description: 'Also while something here is attached to OVN' }) }

  async run(): Promise<object> {
    const { flags } = await this.parse(OvnLeave)
    const outcome = await this.perform(flags, (host) => leaveCloud(host, flags.force))
    return this.answer(outcome, flags, describe)
  }
}

function describe({ status, systemId, southbound, bridgeRemoved }: LeftCloud): string {
  if (status === 'unchanged') return 'Nothing to do: this host is no chassis'
  if (southbound === null && bridgeRemoved) return 'This host is no chassis; br-int, which was left, is removed'
  return `This host, ${systemId}, has left ${southbound ?? 'its central'}`
}
