import type { Host } from '../../host.ts'
import { givingBack, linkCommands, linkDifferences } from '../../network/gateway-link.ts'
import type { Gateway } from '../../network/gateway.ts'
import { linkExists } from '../../net/links.ts'
import type { ReversibleStep } from '../step.ts'

/** Gives the gateway link its addresses, and has it forward; the rules are there before (nat.rules). */
export function gatewayLink(host: Host, gateway: Gateway): ReversibleStep {
  const { link, network, sides } = gateway
  return {
    id: 'gateway.link',
    title: `Make ${link} the gateway of ${network}: ${sides.map(({ address }) => address).join(', ')}`,
    leaves: `addresses of ${link}`,
    commands: () => linkCommands(gateway),
    isDone: async () => (await linkDifferences(host.run, gateway)).length === 0,
    async apply(signal) {
      for (const command of linkCommands(gateway)) await host.run(command, signal)
    },
    undo: (signal) => giveBack(host, gateway, signal),
  }
}

/** Takes from a gateway link what it has been given, as far as it is still there. */
export async function giveBack(host: Host, gateway: Gateway, signal: AbortSignal): Promise<void> {
  if (!linkExists(gateway.link)) return
  for (const command of givingBack(gateway)) await host.run(command, signal)
}
