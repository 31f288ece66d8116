import type { Host } from '../../host.ts'
import { CHASSIS_RECORD, chassisReverse, type ChassisRecord } from '../../ovn/chassis.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import type { Step } from '../step.ts'

/** Takes back what ovsd told Open vSwitch about OVN. */
export function chassisUnset(host: Host, local: LocalOvn, record: ChassisRecord): Step & { readonly leaves: string } {
  const pairs = chassisReverse(local, record)
  const command = host.vsctl.setHostPairs({ ...pairs, tls: record.tls ? 'none' : undefined })
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
