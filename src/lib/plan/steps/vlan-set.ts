import type { Host } from '../../host.ts'
import { columnsOfVlan, describeVlan, type Vlan, type VlanColumns } from '../../net/vlan.ts'
import type { ReversibleStep } from '../step.ts'

/** Changes the VLAN of a port; `before` is what its columns were, for other tools may use modes that ovsd does not. */
export function vlanSet(host: Host, port: string, vlan: Vlan, before: VlanColumns): ReversibleStep {
  const command = host.vsctl.setVlan(port, vlan)
  return {
    id: 'vlan.set',
    title: `Set the VLAN of ${port} to ${describeVlan(vlan)}`,
    leaves: `VLAN ${describeVlan(vlan)} on port ${port}`,
    commands: () => [command],
    async isDone() {
      const [found] = await host.ovs.locate((await host.ovs.interfaces([{ name: port }]))[0] ?? [])
      return found !== undefined && sameColumns(found.port.vlanColumns, columnsOfVlan(vlan))
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      await host.run(host.vsctl.setVlanColumns(port, before), signal)
    },
  }
}

/** Whether two ports treat VLANs alike, to the letter. */
export const sameColumns = (a: VlanColumns, b: VlanColumns): boolean => JSON.stringify(a) === JSON.stringify(b)
