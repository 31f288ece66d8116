import type { Host } from '../../host.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

type Ids = Readonly<Record<string, string>>

/** Puts records of persistent attachments (attach/persist.ts) back onto a bridge, which has none of their keys. */
export function stateRecords(host: Host, bridge: string, pairs: Ids): ReversibleStep {
  const keys = Object.keys(pairs)
  const command = host.vsctl.setBridgePairs({ bridge, pairs })
  const there = async (): Promise<readonly string[]> => {
    const ids = (await host.ovs.bridge(bridge))?.externalIds ?? {}
    return keys.filter((key) => ids[key] === pairs[key])
  }
  return {
    id: 'state.records',
    title: `Record ${String(keys.length)} ${keys.length === 1 ? 'attachment' : 'attachments'} on ${bridge}`,
    leaves: `external_ids ${keys.join(', ')} of bridge ${bridge}`,
    commands: () => [command],
    isDone: async () => (await there()).length === keys.length,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      const mine = await there()
      if (mine.length === 0) return
      try {
        await host.run(host.vsctl.forget(bridge, mine, UNDO_WAIT_S), signal)
      } catch (error) {
        // A hung ovs-vswitchd does not keep the database from being right.
        if ((await there()).length > 0) throw error
      }
    },
  }
}
