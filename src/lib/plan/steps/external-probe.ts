import type { Site } from '../../attach/external-site.ts'
import { Refused } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { ExternalAddress } from '../../net/external.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Asks the neighbours whether somebody has the external address, for two seconds. With a question and not with a probe
 * (`arping -D`) where that is possible: a host that answers for its containers, as this one will, answers questions only.
 */
export function externalProbe(host: Host, { ip, link }: ExternalAddress, { addressed }: Site): ReversibleStep {
  const command: Command = {
    tool: 'arping',
    args: [addressed ? '-f' : '-D', '-q', '-c', '2', '-w', '2', '-I', link, ip.text],
    okStatuses: [1],
  }
  return {
    id: 'external.probe',
    title: `Ask the network whether ${ip.text} is free`,
    leaves: '',
    goesWith: 'external.filter',
    commands: () => [command],
    isDone: () => Promise.resolve(false),
    async apply(signal) {
      const { status } = await host.run(command, signal)
      const isTaken = addressed ? status === 0 : status === 1
      if (isTaken)
        throw new Refused('AddressInUse', `Somebody on ${link} already answers for ${ip.text}.`, {
          next: 'Give the container another external address.',
        })
    },
    undo: () => Promise.resolve(),
  }
}
