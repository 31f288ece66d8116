import type { Host } from '../../host.ts'
import { lookAtNat, natCommands, natDifferences, type NatSeen, type NatWish } from '../../network/nat.ts'
import type { ReversibleStep } from '../step.ts'

/**
 * Makes firewall and forwarding what they should be for all nat networks of the host. `seen` is what there was when this
 * was planned, for showing the commands; `without` are the networks that there were before.
 */
export function natRules(host: Host, seen: NatSeen, without: NatWish): ReversibleStep {
  const { wish, firewall } = seen
  return {
    id: 'nat.rules',
    title:
      wish.gateways.length === 0
        ? `Take the rules for networks out of ${firewall.name}, and end forwarding for them`
        : `Translate addresses, and keep networks apart (${firewall.name})`,
    leaves: `rules of ${firewall.name} for networks`,
    commands: () => natCommands(seen),
    isDone: async () => natDifferences(await lookAtNat(host, wish)).length === 0,
    apply: (signal) => change(host, wish, signal),
    undo: (signal) => change(host, without, signal),
  }
}

async function change(host: Host, wish: NatWish, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  for (const command of natCommands(await lookAtNat(host, wish))) await host.run(command, signal)
}
