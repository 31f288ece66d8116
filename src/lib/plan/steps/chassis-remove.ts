import type { Host } from '../../host.ts'
import type { Central } from '../../ovn/central.ts'
import { tlsArguments } from '../../ovn/tls.ts'
import type { Command } from '../../system/command.ts'
import type { Step } from '../step.ts'
import { registered } from './chassis-wait.ts'

/** Takes a chassis out of central, if its ovn-controller has not done so itself: one that was killed cannot. */
export function chassisRemove(host: Host, central: Central, systemId: string): Step & { readonly leaves: string } {
  const tls = central.tls === undefined ? [] : tlsArguments(central.tls)
  const where = central.southbound.text
  const command: Command = {
    tool: 'ovn-sbctl',
    args: [`--db=${where}`, ...tls, '--timeout=8', '--if-exists', 'chassis-del', systemId],
  }
  const isGone = async (): Promise<boolean> => (await registered(central, systemId)) === undefined
  return {
    id: 'chassis.remove',
    title: `Take ${systemId} out of central`,
    leaves: `chassis ${systemId} in ${where}, to be removed there: ovn-sbctl chassis-del ${systemId}`,
    commands: () => [command],
    isDone: isGone,
    async apply(signal) {
      if (!(await isGone())) await host.run(command, signal)
    },
  }
}
