import type { Host } from '../../host.ts'
import { describeVlan, type Vlan } from '../../net/vlan.ts'
import type { ReversibleStep } from '../step.ts'

/** Changes the VLAN of a port; `before` is what it had. */
export function vlanSet(host: Host, port: string, vlan: Vlan, before: Vlan): ReversibleStep {
  const command = host.vsctl.setVlan(port, vlan)
  return {
    id: 'vlan.set',
    title: `Set the VLAN of ${port} to ${describeVlan(vlan)}`,
    leaves: `VLAN ${describeVlan(vlan)} on port ${port}`,
    commands: () => [command],
    async isDone() {
      const [found] = await host.ovs.locate((await host.ovs.interfaces([{ name: port }]))[0] ?? [])
      return found !== undefined && describeVlan(found.port.vlan) === describeVlan(vlan)
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      await host.run(host.vsctl.setVlan(port, before), signal)
    },
  }
}
