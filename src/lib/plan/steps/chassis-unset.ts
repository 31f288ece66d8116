import type { Host } from '../../host.ts'
import { DATABASE_ID, madeCentral } from '../../ovn/central-record.ts'
import { CHASSIS_RECORD, chassisReverse, type ChassisRecord } from '../../ovn/chassis.ts'
import { readLocal, type LocalOvn } from '../../ovn/local.ts'
import type { Step } from '../step.ts'

/** Takes back what ovsd told Open vSwitch about OVN; the record of it stays. */
export function chassisUnset(host: Host, local: LocalOvn, record: ChassisRecord): Step & { readonly leaves: string } {
  const pairs = pairsToUnset(local, record)
  const command = host.vsctl.setHostPairs({ ...pairs, tls: hasOurFiles(local, record) ? 'none' : undefined })
  return {
    id: 'chassis.unset',
    title: 'Take back what Open vSwitch knows about OVN',
    leaves: `external_ids ${[...Object.keys(pairs.set), ...pairs.forget].join(', ')} of Open_vSwitch`,
    commands: () => [command],
    async isDone() {
      const now = await readLocal(host)
      return isUnset(now, record)
    },
    async apply(signal) {
      if (!isUnset(await readLocal(host), record)) await host.run(command, signal)
    },
  }
}

function isUnset(local: LocalOvn, record: ChassisRecord): boolean {
  const { set, forget } = pairsToUnset(local, record)
  return Object.keys(set).length === 0 && forget.length === 0 && !hasOurFiles(local, record)
}

function pairsToUnset(local: LocalOvn, record: ChassisRecord): ReturnType<typeof chassisReverse> {
  const { set, forget } = chassisReverse(local, record)
  // Which database it is, is still of use where that is kept.
  const isNoted = madeCentral(local) === undefined && local.externalIds[DATABASE_ID] !== undefined
  return { set, forget: isNoted ? [...forget, DATABASE_ID] : forget }
}

const hasOurFiles = ({ tls }: LocalOvn, record: ChassisRecord): boolean =>
  record.tls !== '' && tls?.certificate === record.tls

/** Takes the record itself away: the last step, so that the same command finishes what one could not. */
export function chassisForget(host: Host): Step & { readonly leaves: string } {
  const command = host.vsctl.setHostPairs({ forget: [CHASSIS_RECORD] })
  return {
    id: 'chassis.forget',
    title: 'Forget that this host was a chassis',
    leaves: `external_ids ${CHASSIS_RECORD} of Open_vSwitch`,
    commands: () => [command],
    isDone: async () => (await readLocal(host)).externalIds[CHASSIS_RECORD] === undefined,
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
