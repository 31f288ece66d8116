import type { Host } from '../../host.ts'
import { CENTRAL_RECORD, DATABASE_ID } from '../../ovn/central-record.ts'
import { readLocal } from '../../ovn/local.ts'
import type { Step } from '../step.ts'

/** Takes the notes about a central of this host away whose databases are gone. */
export function centralForget(host: Host): Step & { readonly leaves: string } {
  const keys = [CENTRAL_RECORD, DATABASE_ID]
  const command = host.vsctl.setHostPairs({ forget: keys })
  return {
    id: 'central.forget',
    title: 'Forget that central was here',
    leaves: `external_ids ${keys.join(', ')} of Open_vSwitch`,
    commands: () => [command],
    async isDone() {
      const { externalIds } = await readLocal(host)
      return keys.every((key) => externalIds[key] === undefined)
    },
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
