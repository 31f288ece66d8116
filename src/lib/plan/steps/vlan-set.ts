import type { Host } from '../../host.ts'
import { columnsOfVlan, describeVlan, type Vlan, type VlanColumns } from '../../net/vlan.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/** Changes the VLAN of a port; `before` is what its columns were, for other tools may use modes that ovsd does not. */
export function vlanSet(host: Host, port: string, vlan: Vlan, before: VlanColumns): ReversibleStep {
  const command = host.vsctl.setVlan(port, vlan)
  const columnsNow = async (): Promise<VlanColumns | undefined> => {
    const [found] = await host.ovs.locate((await host.ovs.interfaces([{ name: port }])).flat())
    return found?.port.vlanColumns
  }
  return {
    id: 'vlan.set',
    title: `Set the VLAN of ${port} to ${describeVlan(vlan)}`,
    leaves: `VLAN ${describeVlan(vlan)} on port ${port}`,
    commands: () => [command],
    async isDone() {
      const now = await columnsNow()
      return now !== undefined && sameColumns(now, columnsOfVlan(vlan))
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      const isBack = async (): Promise<boolean> => {
        const now = await columnsNow()
        return now === undefined || sameColumns(now, before)
      }
      try {
        await host.run(host.vsctl.setVlanColumns(port, before, UNDO_WAIT_S), signal)
      } catch (error) {
        // A port that is gone has no VLAN left; and a hung ovs-vswitchd does not keep the database from being right.
        if (!(await isBack())) throw error
      }
    },
  }
}

/** Whether two ports treat VLANs alike, to the letter. */
export const sameColumns = (a: VlanColumns, b: VlanColumns): boolean => JSON.stringify(a) === JSON.stringify(b)
