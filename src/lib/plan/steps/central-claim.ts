import type { Host } from '../../host.ts'
import { CENTRAL_RECORD, madeCentral, type MadeCentral } from '../../ovn/central-record.ts'
import { readLocal } from '../../ovn/local.ts'
import type { ReversibleStep } from '../step.ts'
import { UNDO_WAIT_S } from './port-remove.ts'

/**
 * Notes on this host that ovsd makes central here, before anything of it is there: whatever is left by a run that is killed is known
 * as ovsd's. `before` is what was noted until now.
 */
export function centralClaim(host: Host, kind: MadeCentral, before: MadeCentral | undefined): ReversibleStep {
  const command = host.vsctl.setHostPairs({ set: { [CENTRAL_RECORD]: kind } })
  const isNoted = async (): Promise<boolean> => madeCentral(await readLocal(host)) === kind
  return {
    id: 'central.claim',
    title: 'Note that ovsd makes central here',
    leaves: `external_ids:${CENTRAL_RECORD} of Open_vSwitch`,
    commands: () => [command],
    isDone: isNoted,
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      if (!(await isNoted())) return
      const back = before === undefined ? { forget: [CENTRAL_RECORD] } : { set: { [CENTRAL_RECORD]: before } }
      await host.run(host.vsctl.setHostPairs(back, UNDO_WAIT_S), signal)
    },
  }
}
