import { setTimeout as pause } from 'node:timers/promises'
import type { OvsReplica } from '../ovs/replica.ts'
import { isOwn } from '../reconcile/own-ports.ts'
import type { Meter } from './meter.ts'

/** Whoever reads metrics is not kept waiting by a database that does not answer. A round trip takes a millisecond. */
const LIMIT_MS = 500

/** Tells the meter how many interfaces are in place now. When the database does not say, the figures stay as they were. */
export async function countAttachments(
  ovs: Pick<OvsReplica, 'state' | 'everything'>,
  meter: Pick<Meter, 'setAttachments'>,
  limitMs = LIMIT_MS,
): Promise<void> {
  if (ovs.state !== 'live') return
  const over = new AbortController()
  const ports = await Promise.race([
    ovs.everything().catch(() => undefined),
    pause(limitMs, undefined, { signal: over.signal }).catch(() => undefined),
  ])
  over.abort()
  if (ports === undefined) return
  const byBridge = new Map<string, number>()
  for (const { interface: row, bridge } of ports)
    if (isOwn(row)) byBridge.set(bridge.name, (byBridge.get(bridge.name) ?? 0) + 1)
  meter.setAttachments(byBridge)
}
