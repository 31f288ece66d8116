import { setTimeout as pause } from 'node:timers/promises'
import type { Host } from '../host.ts'
import { networksOf, type Network } from '../network/networks.ts'

/** What Docker calls a network is learnt within a second of its being made. */
const LIMIT_MS = 5000
const AGAIN_MS = 50

/**
 * What all hosts call the transit network that was typed as `ovn.transit_network`: Docker's name for one of its networks of this host, which is
 * perhaps not known yet; or what it is called already.
 */
export async function transitCalled(host: Host, typed: string, signal: AbortSignal): Promise<string> {
  const end = performance.now() + LIMIT_MS
  for (;;) {
    const all = (await networksOf(host)).filter((one): one is Network => 'spec' in one && roleOf(one) !== undefined)
    const found = all.find(({ name, title }) => typed === title || typed === name)
    if (found !== undefined) return roleOf(found)?.name ?? typed
    const isLearnt = all.every(({ spec, title }) => spec.owner !== 'plugin' || title !== undefined)
    if (isLearnt || performance.now() > end) return typed
    await pause(AGAIN_MS, undefined, { signal })
  }
}

const roleOf = ({ spec }: Network) => spec.overlay?.role
