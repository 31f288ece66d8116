import type { Host } from '../../host.ts'
import type { Step } from '../step.ts'

/** Takes records of persistent attachments (attach/persist.ts) off their bridge. */
export function recordForget(host: Host, bridge: string, keys: readonly string[]): Step & { readonly leaves: string } {
  const command = host.vsctl.forget(bridge, keys)
  return {
    id: 'record.forget',
    title: `Forget what was to be attached again to ${bridge}`,
    leaves: `external_ids ${keys.join(', ')} of bridge ${bridge}`,
    commands: () => [command],
    async isDone() {
      const ids = (await host.ovs.bridge(bridge))?.externalIds ?? {}
      return !keys.some((key) => key in ids)
    },
    async apply(signal) {
      await host.run(command, signal)
    },
  }
}
