import { CommandFailed } from '../../errors.ts'
import type { Host } from '../../host.ts'
import type { Step } from '../step.ts'

/** Takes records off their bridge: those of persistent attachments (attach/persist.ts), unless the title says others. */
export function recordForget(
  host: Host,
  bridge: string,
  keys: readonly string[],
  title = `Forget what was to be attached again to ${bridge}`,
): Step & { readonly leaves: string } {
  const command = host.vsctl.forget(bridge, keys)
  const isForgotten = async (): Promise<boolean> => {
    const ids = (await host.ovs.bridge(bridge))?.externalIds ?? {}
    return !keys.some((key) => key in ids)
  }
  return {
    id: 'record.forget',
    title,
    leaves: `external_ids ${keys.join(', ')} of bridge ${bridge}`,
    commands: () => [command],
    isDone: isForgotten,
    async apply(signal) {
      try {
        await host.run(command, signal)
      } catch (error) {
        // A hung ovs-vswitchd does not keep the database from being right.
        if (!(error instanceof CommandFailed && error.unknown) || !(await isForgotten())) throw error
      }
    },
  }
}
