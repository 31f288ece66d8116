import type { Host } from '../../host.ts'
import { DATABASE_ID, madeCentral } from '../../ovn/central-record.ts'
import { CHASSIS_RECORD, chassisReverse, type ChassisRecord } from '../../ovn/chassis.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import type { Step } from '../step.ts'

/** Takes back what ovsd told Open vSwitch about OVN. */
export function chassisUnset(host: Host, local: LocalOvn, record: ChassisRecord): Step & { readonly leaves: string } {
  const reverse = chassisReverse(local, record)
  // Which database it is, is still of use where that is kept.
  const forget = madeCentral(local) === undefined ? [...reverse.forget, DATABASE_ID] : reverse.forget
  const pairs = { ...reverse, forget }
  const isOurs = record.tls !== '' && local.tls?.certificate === record.tls
  const command = host.vsctl.setHostPairs({ ...pairs, tls: isOurs ? 'none' : undefined })
  return {
    id: 'chassis.unset',
    title: 'Take back what Open vSwitch knows about OVN',
    leaves: `external_ids ${pairs.forget.join(', ')} of Open_vSwitch`,
    commands: () => [command],
    isDone: async () => (await readLocal(host)).externalIds[CHASSIS_RECORD] === undefined,
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
