import type { Patient } from '../doctor/patient.ts'
import { sideBySide } from '../system/side-by-side.ts'
import type { Expectation, Judged } from './expectation.ts'
import { judge } from './judge.ts'

/** Each waits for an answer most of the time, and a silence is only known after two seconds. */
const AT_ONCE = 40

/**
 * Tries all of them, many at a time; `ended` hears of each. They come back in their order. What a receiver has got may have come from
 * any of them: where that matters, each is tried again while no other one sends to the same receiver.
 */
export async function checkAll(
  patient: Patient,
  all: readonly Expectation[],
  ended: (judged: Judged) => void = () => undefined,
): Promise<readonly Judged[]> {
  const tried = await sideBySide(
    all,
    async (one) => {
      const found = await judge(patient, one)
      if (found.settle === undefined) ended(found.judged)
      return { one, ...found }
    },
    AT_ONCE,
  )
  const settled = new Map<Expectation, Judged>()
  const queues = [
    ...Map.groupBy(tried, ({ one }) => (one.to.kind === 'container' ? one.to.netns : one.to.name)).values(),
  ]
  await sideBySide(
    queues,
    async (queue) => {
      for (const { one, settle } of queue) {
        const judged = await settle?.()
        if (judged === undefined) continue
        settled.set(one, judged)
        ended(judged)
      }
    },
    AT_ONCE,
  )
  return tried.map(({ one, judged }) => settled.get(one) ?? judged)
}
