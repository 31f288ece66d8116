import type { Host } from '../../host.ts'
import { readNic } from '../../net/nic.ts'
import type { Command } from '../../system/command.ts'
import type { ReversibleStep } from '../step.ts'

/** Brings the NIC up, which was down: last, when everything is as it should be for what comes in by it. */
export function uplinkUp(host: Host, uplink: string): ReversibleStep {
  const set = (state: 'up' | 'down'): Command => ({ tool: 'ip', args: ['link', 'set', 'dev', uplink, state] })
  return {
    id: 'uplink.up',
    title: `Bring ${uplink} up`,
    leaves: `${uplink}, which was down`,
    commands: () => [set('up')],
    isDone: async (signal) => (await readNic(host.run, uplink, signal))?.isUp === true,
    async apply(signal) {
      await host.run(set('up'), signal)
    },
    async undo(signal) {
      await host.run(set('down'), signal)
    },
  }
}
