import type { Host } from '../../host.ts'
import { pendingKey } from '../../network/pending.ts'
import type { ReversibleStep } from '../step.ts'

/** Notes that a network stays: nothing is recorded any more of what it waited for. */
export function networkConfirm(host: Host, bridge: string, name: string, before: string): ReversibleStep {
  const key = pendingKey(name)
  const command = host.vsctl.forget(bridge, [key])
  const read = async () => (await host.ovs.bridge(bridge))?.externalIds
  return {
    id: 'network.confirm',
    title: `Confirm the network ${name}`,
    leaves: `the network ${name}, confirmed`,
    commands: () => [command],
    async isDone() {
      const ids = await read()
      return ids !== undefined && !(key in ids)
    },
    async apply(signal) {
      await host.run(command, signal)
    },
    async undo(signal) {
      const ids = await read()
      if (ids === undefined || key in ids) return
      await host.run(host.vsctl.setBridgePairs({ bridge, pairs: { [key]: before } }), signal)
    },
  }
}
