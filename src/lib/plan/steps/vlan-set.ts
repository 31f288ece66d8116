import type { Host } from '../../host.ts'
import { columnsOfVlan, describeVlan, type Vlan, type VlanColumns } from '../../net/vlan.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

type Ids = Readonly<Record<string, string>>

/** The pair of a bridge that records a persistent port (attach/persist.ts), as it was and with the new VLAN. */
export interface RecordChange {
  readonly bridge: string
  readonly before: Ids
  readonly after: Ids
}

/**
 * Changes the VLAN of a port, and its record with it, in one transaction: else `watch` would put back what the record
 * says. `before` is what its columns were, for other tools may use modes that ovsd does not.
 */
export function vlanSet(
  host: Host,
  port: string,
  vlan: Vlan,
  before: VlanColumns,
  record?: RecordChange,
): ReversibleStep {
  const pairs = (which: 'before' | 'after') => record && { bridge: record.bridge, pairs: record[which] }
  const command = host.vsctl.setVlan(port, vlan, pairs('after'))
  const columnsNow = async (): Promise<VlanColumns | undefined> => {
    const [found] = await host.ovs.locate((await host.ovs.interfaces([{ name: port }])).flat())
    return found?.port.vlanColumns
  }
  const isRecorded = async (which: 'before' | 'after'): Promise<boolean> => {
    if (record === undefined) return true
    const ids = (await host.ovs.bridge(record.bridge))?.externalIds ?? {}
    return Object.entries(record[which]).every(([key, value]) => ids[key] === value)
  }
  return {
    id: 'vlan.set',
    title: `Set the VLAN of ${port} to ${describeVlan(vlan)}`,
    leaves: `VLAN ${describeVlan(vlan)} on port ${port}`,
    commands: () => [command],
    async isDone() {
      const now = await columnsNow()
      return now !== undefined && sameColumns(now, columnsOfVlan(vlan)) && (await isRecorded('after'))
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      const isBack = async (): Promise<boolean> => {
        const now = await columnsNow()
        return now === undefined || (sameColumns(now, before) && (await isRecorded('before')))
      }
      try {
        await host.run(host.vsctl.setVlanColumns(port, before, pairs('before'), UNDO_WAIT_S), signal)
      } catch (error) {
        // A port that is gone has no VLAN left; and a hung ovs-vswitchd does not keep the database from being right.
        if (!(await isBack())) throw error
      }
    },
  }
}

/** Whether two ports treat VLANs alike, to the letter. */
export const sameColumns = (a: VlanColumns, b: VlanColumns): boolean => JSON.stringify(a) === JSON.stringify(b)
