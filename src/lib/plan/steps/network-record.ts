import type { Host } from '../../host.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

type Ids = Readonly<Record<string, string>>

/** Records a network on its bridge (network/record.ts). */
export function networkRecordAdd(host: Host, bridge: string, name: string, pairs: Ids): ReversibleStep {
  const command = host.vsctl.setBridgePairs({ bridge, pairs })
  const isThere = async (): Promise<boolean> => {
    const ids = (await host.ovs.bridge(bridge))?.externalIds ?? {}
    return Object.entries(pairs).every(([key, value]) => ids[key] === value)
  }
  return {
    id: 'network.record',
    title: `Record the network ${name} on ${bridge}`,
    leaves: `external_ids ${Object.keys(pairs).join(', ')} of bridge ${bridge}`,
    commands: () => [command],
    isDone: isThere,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      try {
        if (await isThere()) await host.run(host.vsctl.forget(bridge, Object.keys(pairs), UNDO_WAIT_S), signal)
      } catch (error) {
        // A hung ovs-vswitchd does not keep the database from being right.
        if (await isThere()) throw error
      }
    },
  }
}
