import type { Host } from '../../host.ts'
import { isGuarded, pendingPair, readPending, type Pending } from '../../network/pending.ts'
import { processStart } from '../../system/process-life.ts'
import { startDetached, type Detached } from '../../system/runner.ts'
import type { ReversibleStep } from '../step.ts'

/** A network with a watchdog. */
export interface Watched {
  readonly name: string
  readonly id: string
  readonly bridge: string
}

/** Starts the process that takes a network back unless it is confirmed, and waits until it is at its post. */
export function watchdogStart(
  host: Host,
  { name, id, bridge }: Watched,
  pending: Pending,
  program: readonly string[],
  started: (pending: Pending) => void,
): ReversibleStep {
  let process: Detached | undefined
  const look = async (): Promise<Pending | undefined> =>
    readPending((await host.ovs.bridge(bridge))?.externalIds ?? {}, name, id)
  const record = (one: Pending) => host.vsctl.setBridgePairs({ bridge, pairs: pendingPair(name, one) })
  return {
    id: 'watchdog.start',
    title: `Start the watchdog of the network ${name}`,
    leaves: `the watchdog of the network ${name}, which ends by itself`,
    commands: () => [],
    async isDone() {
      const now = await look()
      return now !== undefined && isGuarded(now)
    },
    async apply(signal) {
      process = await startDetached([...program, bridge, name, id], signal)
      const now = { ...pending, watchdog: { pid: process.pid, started: processStart(process.pid) ?? '' } }
      await host.run(record(now), signal)
      started(now)
    },
    async undo(signal) {
      process?.stop()
      // As it was recorded, so that who recorded it knows it again.
      const now = await look()
      if (now !== undefined && JSON.stringify(now) !== JSON.stringify(pending)) await host.run(record(pending), signal)
    },
  }
}
