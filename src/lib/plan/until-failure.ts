import type { Step, TearDown } from './step.ts'

type Removal = Step & { readonly leaves: string }

/**
 * Stages of one step each that are not tried once one before them has failed, although a tear-down goes on: they would take away
 * what is needed to repeat it.
 */
export function untilFailure(steps: readonly Removal[]): TearDown['stages'] {
  let failed: Removal | undefined
  return steps.map((step) => [
    {
      ...step,
      async apply(signal) {
        if (failed !== undefined) throw new Error(`it is kept until this is gone: ${failed.leaves}`)
        try {
          await step.apply(signal)
        } catch (error) {
          failed = step
          throw error
        }
      },
    },
  ])
}
