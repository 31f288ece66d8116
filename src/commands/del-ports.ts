import { BaseCommand } from '../base-command.ts'
import { comeBack } from '../come-back.ts'
import { invocation } from '../invocation.ts'
import { parseContainer } from '../lib/docker/container-name.ts'
import { parseBridge } from '../lib/net/ifname.ts'
import { detachPorts } from '../lib/plan/detach-port.ts'
import { byDocker } from '../lib/plan/of-docker.ts'
import { Args } from '../oclif.ts'

export default class DelPorts extends BaseCommand {
  static override summary = 'Detach all interfaces of a container from a bridge'
  static override description = `Removes every port that CONTAINER has on BRIDGE, and the interfaces with them. Nothing attached is not an error. What labels of the container ask for, ovsd watch attaches again, as far as its policy allows.`
  static override examples = ['<%= config.bin %> del-ports br0 web']
  static override args = {
    bridge: Args.string({ description: 'bridge that the ports are on', required: true }),
    container: Args.string({ description: 'name, id, or beginning of the id', required: true }),
  }
  static override live = { bridge: 'bridge', container: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DelPorts)
    const bridge = parseBridge(args.bridge)
    const container = parseContainer(args.container)
    const outcome = await this.perform(flags, (host) => detachPorts(host, bridge, container))
    const answer = this.answer(outcome, flags, ({ removed, leftToDocker }) => {
      if (invocation() === 'ovs-docker') return ''
      const others =
        leftToDocker.length === 0 ? '' : `; Docker's stay: ${leftToDocker.join(', ')} (${byDocker(container)})`
      return removed.length === 0
        ? `Nothing of ${container} ${others === '' ? 'is attached to' : 'was detached from'} ${bridge}${others}`
        : `${container} detached from ${bridge} (${removed.length === 1 ? 'port' : 'ports'} ${removed.join(', ')})${others}`
    })
    const warning = comeBack(outcome)
    if (warning !== undefined) this.caution(warning)
    return answer
  }
}
