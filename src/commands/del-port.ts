import { BaseCommand } from '../base-command.ts'
import { comeBack } from '../come-back.ts'
import { invocation } from '../invocation.ts'
import { parseContainer } from '../lib/docker/container-name.ts'
import { parseBridge, parseInterface } from '../lib/net/ifname.ts'
import { detachPort } from '../lib/plan/detach-port.ts'
import { Args } from '../oclif.ts'

export default class DelPort extends BaseCommand {
  static override summary = 'Detach an interface of a container from its bridge'
  static override description = `Removes the port from BRIDGE and the interface from CONTAINER. Works as well when the container, or the interface, no longer exists. If labels of the container ask for the interface, ovsd watch attaches it again, as far as its policy allows.`
  static override examples = [
    '<%= config.bin %> del-port br0 eth1 web',
    '<%= config.bin %> del-port br0 eth1 web --dry-run',
  ]
  static override args = {
    bridge: Args.string({ description: 'bridge that the port is on', required: true }),
    interface: Args.string({ description: 'interface inside the container', required: true }),
    container: Args.string({ description: 'name, id, or beginning of the id', required: true }),
  }
  static override live = { bridge: 'bridge', interface: 'interface', container: 'container' } as const

  async run(): Promise<object> {
    const { args, flags } = await this.parse(DelPort)
    const bridge = parseBridge(args.bridge)
    const iface = parseInterface(args.interface)
    const container = parseContainer(args.container)
    const outcome = await this.perform(flags, (host) => detachPort(host, bridge, iface, container))
    const answer = this.answer(outcome, flags, ({ removed }) =>
      invocation() === 'ovs-docker'
        ? ''
        : `${iface} of ${container} detached from ${bridge} (port ${removed.join(', ')})`,
    )
    const warning = comeBack(outcome)
    if (warning !== undefined) this.caution(warning)
    return answer
  }
}
