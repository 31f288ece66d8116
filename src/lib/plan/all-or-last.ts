import type { Stages, Step } from './step.ts'

type Removing = Step & { readonly leaves: string }

/**
 * Stages of a tear-down of which the last forget what the earlier removed: they are left out when one of those failed. Then whoever
 * repeats the command finishes it, because what there was is still known.
 */
export function allOrLast(earlier: Stages<Removing>, last: Stages<Removing>): Stages<Removing> {
  let hasFailed = false
  const noted = (step: Removing): Removing => ({
    ...step,
    async apply(signal) {
      try {
        await step.apply(signal)
      } catch (error) {
        hasFailed = true
        throw error
      }
    },
  })
  const only = (step: Removing): Removing => ({
    ...step,
    async apply(signal) {
      if (hasFailed) throw new Error('kept, because what it is about could not be removed')
      await step.apply(signal)
    },
  })
  return [...earlier.map((steps) => steps.map(noted)), ...last.map((steps) => steps.map(only))]
}
