import { setTimeout as pause } from 'node:timers/promises'
import { OvsdError } from '../../errors.ts'
import type { OvnDatabase } from '../../ovn/database.ts'
import type { Life } from '../../ovn/nb/logical-port.ts'
import { bindingOf, isWorking, whyDown } from '../../ovn/nb/port-binding.ts'
import type { ReversibleStep } from '../step.ts'

const AGAIN_MS = 25
/** How long a port may take; with ten thousand others ovn-northd takes up a change in some 200 ms. */
const LIMIT_MS = 15_000

/** The port that is waited for. */
export interface LogicalPortToWaitFor extends Life {
  readonly name: string
  /** 15 s when left out. */
  readonly limitMs?: number | undefined
}

/** Waits, for a bounded time, until a logical port works for this life of its container. Error of apply: PortNotUp. */
export function logicalPortWait(southbound: OvnDatabase, port: LogicalPortToWaitFor): ReversibleStep {
  const { name, limitMs = LIMIT_MS } = port
  const look = () => bindingOf(southbound, name, port)
  return {
    id: 'logical-port.wait',
    title: `Wait for the logical port ${name}`,
    leaves: `logical port ${name}`,
    goesWith: 'logical-port.add',
    // A question over our own connection, no tool: nothing is changed.
    commands: () => [],
    isDone: async () => isWorking(await look(), port),
    async apply(signal) {
      const end = performance.now() + limitMs
      for (;;) {
        const binding = await look()
        if (isWorking(binding, port)) return
        if (performance.now() > end)
          throw new OvsdError(
            'PortNotUp',
            `The logical port ${name} does not work after ${String(limitMs / 1000)} s: ${await whyDown(southbound, binding, port)}.`,
            { next: 'See what is the matter: ovsd ovn status' },
          )
        await pause(AGAIN_MS, undefined, { signal })
      }
    },
    undo: () => Promise.resolve(),
  }
}
