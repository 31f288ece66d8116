import type { Host } from '../../host.ts'
import { gatewaysOf } from '../../network/gateway.ts'
import { lookAtNat, natCommands, natDifferences, type NatSeen, type NatWish } from '../../network/nat.ts'
import { networksOf } from '../../network/networks.ts'
import { inTurn } from '../../system/turns.ts'
import { sharedLook } from '../../system/shared-look.ts'
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
    apply: (signal) => change(host, () => Promise.resolve(wish), signal),
    undo: (signal) => change(host, () => Promise.resolve(without), signal),
  }
}

/** What the networks that there are ask for; of those whose records are damaged nothing is known. */
export async function natOfHost(host: Host): Promise<NatWish> {
  const specs = (await networksOf(host)).flatMap((one) => ('spec' in one ? [one.spec] : []))
  const gateways = await gatewaysOf(host, specs)
  return { gateways, hadSome: gateways.length > 0 }
}

const settling = new WeakMap<Host, () => Promise<void>>()

/** Most time for it, in milliseconds: whoever waits for it may have given up, and others wait, too. */
const SETTLE_MS = 10_000

/**
 * Makes the rules what the networks and the marks of the ports ask for now. Whoever asks while that is being done gets the next time,
 * together with all who ask meanwhile: containers that start side by side need it once. Errors: ToolMissing, CommandFailed.
 */
export function settleNat(host: Host): Promise<void> {
  const settle =
    settling.get(host) ?? sharedLook(() => change(host, () => natOfHost(host), AbortSignal.timeout(SETTLE_MS)))
  settling.set(host, settle)
  return settle()
}

/** One after the other: each looks at everything, and two side by side would each write what the other has changed. */
function change(host: Host, wishing: () => Promise<NatWish>, signal: AbortSignal): Promise<void> {
  return inTurn(host, 'nat', async () => {
    signal.throwIfAborted()
    for (const command of natCommands(await lookAtNat(host, await wishing()))) await host.run(command, signal)
  })
}
