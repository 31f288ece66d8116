import type { Host } from '../../host.ts'
import { isShielded, lowerShield, raiseShield } from '../../network/uplink-shield.ts'
import type { ReversibleStep } from '../step.ts'

/** Leaves what comes in by the NIC to Open vSwitch alone (network/uplink-shield.ts). */
export function uplinkShield(host: Host, uplink: string): ReversibleStep {
  const command = raiseShield(uplink)
  return {
    id: 'uplink.shield',
    title: `Leave what comes in by ${uplink} to Open vSwitch alone`,
    leaves: `the nftables table of ${uplink}`,
    commands: () => [command],
    isDone: (signal) => isShielded(host.run, uplink, signal),
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      await host.run(lowerShield(uplink), signal)
    },
  }
}
