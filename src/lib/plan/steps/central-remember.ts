import type { Host } from '../../host.ts'
import { DATABASE_ID } from '../../ovn/central-record.ts'
import { northboundId } from '../../ovn/life.ts'
import { readLocal } from '../../ovn/local.ts'
import type { Remotes } from '../../ovn/remotes.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/** Notes on this host which northbound database it belongs to: an empty one must never take its place unseen. */
export function centralRemember(host: Host, northbound: Remotes, before: string | undefined): ReversibleStep {
  const command = (id: string) => host.vsctl.setHostPairs({ set: { [DATABASE_ID]: id } })
  const noted = async () => (await readLocal(host)).externalIds[DATABASE_ID]
  return {
    id: 'central.remember',
    title: 'Note which northbound database this is',
    leaves: `external_ids:${DATABASE_ID} of Open_vSwitch`,
    // The name of a database is not known before it is there: a line with another one, pasted, would be refused for ever after.
    commands: () => [],
    isDone: async () => (await noted()) === (await northboundId(northbound)),
    async apply(signal) {
      const id = await northboundId(northbound)
      if (id === undefined) throw new Error('the northbound database has no name')
      await host.run(command(id), signal)
    },
    async undo(signal) {
      if ((await noted()) === before) return
      const back = before === undefined ? { forget: [DATABASE_ID] } : { set: { [DATABASE_ID]: before } }
      await host.run(host.vsctl.setHostPairs(back, UNDO_WAIT_S), signal)
    },
  }
}
