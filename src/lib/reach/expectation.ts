// What should be, and what came of looking.
import type { ContainerEnd, End } from '../path/ends.ts'
import type { Traffic } from '../path/question.ts'
import type { Cause } from '../path/verdict.ts'

/** That packets get from one to the other, or that they do not. */
export interface Expectation {
  readonly from: ContainerEnd
  readonly to: End
  readonly traffic: Traffic
  readonly reach: boolean
  /** Where it comes from: "both are in the network blue", "line 4". */
  readonly why: string
  /** Row and column of the table: containers, or networks where there are many. */
  readonly row: string
  readonly column: string
  /** With `reach: false`, of different tenants or VLANs: not even what is sent to everybody may get from one to the other. */
  readonly apart?: 'tenants' | 'segments'
  /** The way by the interfaces of `from` that are named, and by no other, is meant. */
  readonly isBound?: boolean
}

/** `unproven`: nobody could see that it holds, which is as bad to rely on. */
export type Status = 'holds' | 'violated' | 'unproven'

/** One expectation and what came of it. */
export interface Judged {
  readonly from: string
  readonly to: string
  /** Address that was tried; null when none was. */
  readonly address: string | null
  /** "tcp/5432". */
  readonly by: string
  readonly expected: 'reach' | 'deny'
  readonly why: string
  readonly status: Status
  readonly said: string
  readonly cause: Cause | 'same-segment' | null
  readonly check: string | null
  readonly fix: readonly string[]
  readonly row: string
  readonly column: string
  /** In milliseconds. */
  readonly ms: number
}
