import type { Patient } from '../doctor/patient.ts'
import type { ContainerEnd, End } from './ends.ts'
import type { Pair } from './pair.ts'
import type { Probed } from './probe.ts'
import type { Traffic } from './question.ts'
import type { Cause } from './verdict.ts'
import type { Way } from './way.ts'

/** Everything that is known of one question. */
export interface Case {
  readonly patient: Patient
  readonly a: ContainerEnd
  readonly b: End
  readonly traffic: Traffic
  readonly pair: Pair
  readonly way: Way | undefined
  readonly probed: Probed
}

/** What keeps them from getting there. */
export interface Obstacle {
  readonly cause: Cause
  readonly said: string
  readonly check?: string
  readonly fix?: readonly string[]
  readonly traces?: readonly string[]
  /** Said because nothing else is left: one packet may be lost, as the first ones after a change, and is sent once more. */
  readonly isByElimination?: true
  /** That it was seen to get there, or will, and only what comes back is kept. */
  readonly isOneWay?: true
  /** Whether what was sent gets there all the same, or does not although an answer came; said by the probe unless it is known better. */
  readonly arrives?: boolean
}
