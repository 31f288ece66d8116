import { setTimeout as pause } from 'node:timers/promises'
import { OvsdError } from '../../errors.ts'
import type { OvnDatabase } from '../../ovn/database.ts'
import type { Lateness } from '../../ovn/lateness.ts'
import type { Life } from '../../ovn/nb/logical-port.ts'
import { bindingOf, isWorking, whyDown, type Binding } from '../../ovn/nb/port-binding.ts'
import type { OvsView } from '../../ovs/reader.ts'
import type { ReversibleStep } from '../step.ts'

const AGAIN_MS = 25
/** How long a port may take; with ten thousand others ovn-northd takes up a change in some 200 ms. */
const LIMIT_MS = 15_000

/** The port that is waited for. */
export interface LogicalPortToWaitFor extends Life {
  readonly name: string
  /** 15 s when left out. */
  readonly limitMs?: number | undefined
  /**
   * For who keeps ports: the step is done also when the time that this says is over, or central away. The port will work as soon as OVN does.
   */
  readonly lateness?: Lateness
}

/** What OVN made of a port, and whether this host's part of it is done. */
interface Seen {
  /** Undefined when it was not asked for: central has nothing to say before this host has done its part. */
  readonly binding: Binding | undefined
  readonly here: 'missing' | 'pending' | 'installed'
}

/**
 * Waits, for a bounded time, until a logical port works for this life of its container. `ovs` is that of its host: what the
 * databases of central say is for a moment still that of the life before. Left out, they are all that is asked.
 * Error of apply: PortNotUp.
 */
export function logicalPortWait(
  southbound: OvnDatabase,
  port: LogicalPortToWaitFor,
  ovs?: Pick<OvsView, 'interfaces'>,
): ReversibleStep {
  const { name, lateness } = port
  const look = async (isFirst = true): Promise<Seen> => {
    const here = ovs === undefined ? 'installed' : await installed(ovs, port)
    // At first in any case: of a central that is away nobody has to wait for anything.
    return { here, binding: isFirst || here === 'installed' ? await bindingOf(southbound, name, port) : undefined }
  }
  const works = ({ here, binding }: Seen): boolean =>
    here === 'installed' && binding !== undefined && isWorking(binding, port)
  return {
    id: 'logical-port.wait',
    title: `Wait for the logical port ${name}`,
    leaves: `logical port ${name}`,
    goesWith: 'logical-port.add',
    // A question over our own connections, no tool: nothing is changed.
    commands: () => [],
    isDone: async () => works(await look()),
    async apply(signal) {
      const limitMs = lateness?.limitMs ?? port.limitMs ?? LIMIT_MS
      const end = performance.now() + limitMs
      for (let isFirst = true; ; isFirst = false) {
        const seen = await look(isFirst).catch((error: unknown) => {
          if (lateness !== undefined && error instanceof OvsdError && error.code === 'CentralUnreachable')
            return undefined
          throw error
        })
        if (seen === undefined) return
        const isOver = performance.now() > end
        if (works(seen) || (isOver && lateness !== undefined)) {
          lateness?.heard(works(seen))
          return
        }
        if (isOver)
          throw new OvsdError(
            'PortNotUp',
            `The logical port ${name} does not work after ${String(limitMs / 1000)} s: ${await why(southbound, seen, port)}.`,
            { next: 'See what is the matter: ovsd ovn status' },
          )
        await pause(AGAIN_MS, undefined, { signal })
      }
    },
    undo: () => Promise.resolve(),
  }
}

/** ovn-controller says at the interface itself when the flows for it are there (ovn-controller(8), "ovn-installed"). */
async function installed(
  ovs: Pick<OvsView, 'interfaces'>,
  { name, generation }: LogicalPortToWaitFor,
): Promise<Seen['here']> {
  const [rows = []] = await ovs.interfaces([{ has: { 'iface-id': name, 'iface-id-ver': generation } }])
  if (rows.length === 0) return 'missing'
  return rows.some(({ externalIds }) => externalIds['ovn-installed'] === 'true') ? 'installed' : 'pending'
}

async function why(southbound: OvnDatabase, { binding, here }: Seen, port: LogicalPortToWaitFor): Promise<string> {
  if (here === 'missing') return 'no interface of this host has its iface-id and iface-id-ver'
  const now = binding ?? (await bindingOf(southbound, port.name, port))
  return isWorking(now, port)
    ? 'ovn-controller has not said yet that its flows are there'
    : whyDown(southbound, now, port)
}
