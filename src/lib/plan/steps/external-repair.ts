import type { Leg } from '../../attach/external-leg.ts'
import type { ReversibleStep } from '../step.ts'

/** Does all steps of a leg again, which can all be repeated. What has been put back when it fails is right, and stays. */
export function externalRepair(
  { ip }: Leg,
  steps: readonly ReversibleStep[],
  wrong: readonly string[],
): ReversibleStep {
  return {
    id: 'external.repair',
    title: `Repair the external address ${ip}: ${wrong.join(', ')}`,
    leaves: `settings of the external address ${ip}`,
    keeps: `what was repaired of ${ip} stays`,
    commands: () => steps.flatMap((step) => step.commands()),
    isDone: () => Promise.resolve(false),
    async apply(signal) {
      for (const step of steps) await step.apply(signal)
    },
    undo: () => Promise.resolve(),
  }
}
