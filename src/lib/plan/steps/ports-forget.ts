import { natCommands, natDifferences, lookAtNat, type NatSeen } from '../../network/nat.ts'
import type { Host } from '../../host.ts'
import type { ReversibleStep } from '../step.ts'
import { natOfHost, settleNat } from './nat-rules.ts'

/**
 * Takes away the rules for published ports of endpoints whose rows are gone. `seen` is what there was when this was planned,
 * `names` are the endpoints' ports.
 */
export function portsForget(host: Host, names: readonly string[], seen: NatSeen): ReversibleStep {
  const what = `the rules for published ports of ${names.join(', ')}`
  return {
    id: 'ports.forget',
    title: `Take away ${what}`,
    leaves: what,
    keeps: `${what} stay taken away`,
    commands: () => natCommands(seen),
    isDone: async () => natDifferences(await lookAtNat(host, await natOfHost(host))).length === 0,
    apply: () => settleNat(host),
    undo: () => Promise.resolve(),
  }
}
