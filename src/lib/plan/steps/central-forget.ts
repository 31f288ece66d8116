import type { Host } from '../../host.ts'
import { CENTRAL_RECORD, DATABASE_ID } from '../../ovn/central-record.ts'
import { readLocal } from '../../ovn/local.ts'
import type { Step } from '../step.ts'

type Removal = Step & { readonly leaves: string }

/** Takes the note away that ovsd made central here: the last of it, for a run that is killed before is repeated by that. */
export const centralForget = (host: Host): Removal =>
  forget(host, CENTRAL_RECORD, 'central.forget', 'Forget that central was here')

/** Takes the note away which database this was, before it is deleted: nobody needs it any more (`mayBeNeeded` of teardown.ts). */
export const centralDisown = (host: Host): Removal =>
  forget(host, DATABASE_ID, 'central.disown', 'Forget which northbound database this was')

function forget(host: Host, key: string, id: string, title: string): Removal {
  const command = host.vsctl.setHostPairs({ forget: [key] })
  return {
    ...{ id, title, leaves: `external_ids ${key} of Open_vSwitch` },
    commands: () => [command],
    isDone: async () => (await readLocal(host)).externalIds[key] === undefined,
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
