import type { Host } from '../../host.ts'
import { isShielded, lowerShield } from '../../network/uplink-shield.ts'
import type { ReversibleStep } from '../step.ts'

/** Has the kernel receive again what comes in by a NIC that no network has as its uplink. Error: CommandFailed. */
export function uplinkUnshield(host: Host, nic: string): ReversibleStep {
  const command = lowerShield(nic)
  const keeps = `the kernel receives by ${nic} again`
  return {
    ...{ id: 'uplink.unshield', title: `Leave what comes in by ${nic} to the kernel again`, keeps },
    leaves: `the nftables table of ${nic}`,
    commands: () => [command],
    isDone: async (signal) => !(await isShielded(host.run, nic, signal)),
    async apply(signal) {
      await host.run(command, signal)
    },
    undo: () => Promise.resolve(),
  }
}
