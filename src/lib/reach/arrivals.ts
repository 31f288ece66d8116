// Whether what is sent is heard at the other end, when no answer comes: a way in one direction is a way.
import type { Host } from '../host.ts'
import { heardIn } from '../path/heard.ts'
import { probe } from '../path/probe.ts'
import type { Expectation } from './expectation.ts'

/** `maybe`: it has got something, which may have been sent by others. */
export type Arrived = 'yes' | 'no' | 'maybe'

/** Pings are rare: when each of so many is heard, and nobody else of ours sends any, they are these. */
const ROUNDS = 3
/** What gets there is counted at once: no answer is waited for. In seconds, the least that ping(8) knows. */
const WAIT_S = 1

/** Counts what the receiver has got. Errors: those of looking into a container. */
export const countAt = async (host: Host, { to, traffic }: Expectation): Promise<number | undefined> =>
  to.kind === 'address' ? undefined : await heardIn(host, to.netns, to.name, traffic, to.family ?? 4)

/** Whether something came since that count. */
export async function cameSince(host: Host, one: Expectation, before: number | undefined): Promise<Arrived> {
  const after = await countAt(host, one)
  return before !== undefined && after === before ? 'no' : 'maybe'
}

/**
 * Sends it again while nothing else of ours goes to that receiver: who has got nothing of one try has got nothing. Pings that are heard each
 * time are ours; segments and datagrams come from everywhere.
 */
export async function isHeard(host: Host, one: Expectation, address: string): Promise<Arrived> {
  const { from, traffic } = one
  for (let round = 0; round < ROUNDS; round++) {
    const before = await countAt(host, one)
    if (before === undefined) return 'maybe'
    await probe(host, from.netns, from.name, address, traffic, WAIT_S)
    if ((await countAt(host, one)) === before) return 'no'
  }
  return traffic.kind === 'icmp' ? 'yes' : 'maybe'
}
