import type { Patient } from '../doctor/patient.ts'
import { sideBySide } from '../system/side-by-side.ts'
import type { Expectation, Judged } from './expectation.ts'
import { judge } from './judge.ts'

/** Each waits for an answer most of the time, and a silence is only known after two seconds. */
const AT_ONCE = 40

/** Tries all of them, many at a time; `ended` hears of each. They come back in their order. */
export async function checkAll(
  patient: Patient,
  all: readonly Expectation[],
  ended: (judged: Judged) => void = () => undefined,
): Promise<readonly Judged[]> {
  return await sideBySide(
    all,
    async (one) => {
      const judged = await judge(patient, one)
      ended(judged)
      return judged
    },
    AT_ONCE,
  )
}
